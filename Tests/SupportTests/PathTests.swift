import Support
import Testing

@Suite struct PathTests {
  @Test(
    "A path lies in a folder where its first names are the folder's, byte by byte",
    arguments: [
      ("/a/b", "/a", true), ("/a", "/a", true), ("/a/", "/a", true), ("/a", "/a/b", false), ("/ab", "/a", false),
      ("/a/b", "/", true), ("/a/\u{301}b", "/a", true), ("/a\u{301}/b", "/a", false), ("/\u{E9}/b", "/e\u{301}", false),
    ])
  func isWithin(path: String, folder: String, isInside: Bool) {
    #expect(Path.isWithin(path, folder) == isInside)
  }
}
