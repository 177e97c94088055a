#!/usr/bin/env bash
# Runs every command of the guides and compares what it prints with what the guide says.
#
#   Scripts/check-guides.sh [path of svnup] [guide …]
#
# In a guide, a fenced block of the kind `console` is run: a line that begins with "$ " is a command of the shell (it goes on where it ends in
# a backslash), what follows is its output on both streams. A line "…" stands for any lines, also none. Words must agree, but for numbers: one with a
# decimal point may differ by the tolerance that a comment in front of the block states, as in <!-- tolerance 0.02 --> for 2 %, and by
# 1e-9 where none does; a number behind "about" may be anything, and bars are not looked at. A block of the kind `swift FILE` must stand in
# that file as it is, but for the indentation. Commands of one guide run in one folder, in which svnup and the repository are
# reached as svnup and $SVNUP.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
svnup=${1:-.build/release/svnup}
shift || true
if [ ! -x "$svnup" ]; then echo "Scripts/check-guides.sh: $svnup is not there: swift build -c release"; exit 66; fi
svnup=$(realpath "$svnup")
if [ $# -eq 0 ]; then set -- $(grep -lE '^```(console|swift )' Documentation/*.md README.md 2> /dev/null || true); fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$svnup" "$work/bin/svnup"
export PATH=$work/bin:$PATH SVNUP=$root LC_ALL=C.UTF-8 COLUMNS=100
failures=0
commands=0

# Numbers of the second file within the tolerance of those of the first; "…" stands for any lines.
compare() { # expected found tolerance
  awk -v tolerance="$3" '
    function isNumber(word) { return word ~ /^[-+]?[0-9]+\.[0-9]+%?$/ }
    function agrees(wanted, found,   a, b, i, n, m, x, y, scale) {
      # A bar says no more than the number in front of it.
      gsub(/[█▏▎▍▌▋▊▉│▐]+/, "", wanted); gsub(/[█▏▎▍▌▋▊▉│▐]+/, "", found)
      sub(/[ \t]+$/, "", wanted); sub(/[ \t]+$/, "", found)
      n = split(wanted, a, /[ \t,;:()|]+/); m = split(found, b, /[ \t,;:()|]+/)
      if (n != m) return 0
      for (i = 1; i <= n; i++) {
        if (a[i] == b[i] || (i > 1 && a[i - 1] == "about")) continue
        if (!isNumber(a[i]) || !isNumber(b[i])) return 0
        x = a[i] + 0; y = b[i] + 0; scale = x < 0 ? -x : x
        if ((x > y ? x - y : y - x) > tolerance * scale + 1e-12) return 0
      }
      return 1
    }
    # Not by NR == FNR, which also the second file fulfils if the first one is empty.
    FILENAME == ARGV[1] { wanted[++count] = $0; next }
    { found[++lines] = $0 }
    END {
      i = 1; j = 1
      while (i <= count) {
        if (wanted[i] == "…") {
          if (i == count) exit 0
          while (j <= lines && !agrees(wanted[i + 1], found[j])) j++
          i++
          continue
        }
        if (j > lines || !agrees(wanted[i], found[j])) {
          printf "  expected: %s\n  found:    %s\n", wanted[i], (j <= lines ? found[j] : "the end")
          exit 1
        }
        i++; j++
      }
      if (j <= lines) { printf "  more than expected: %s\n", found[j]; exit 1 }
    }' "$1" "$2"
}

check() { # guide line tolerance, with the command and the expected output in files
  commands=$((commands + 1))
  (cd "$work/guide" && bash "$work/command" > "$work/found" 2>&1)
  if ! compare "$work/expected" "$work/found" "$3" > "$work/why"; then
    failures=$((failures + 1))
    echo "$1:$2: $(head -n 1 "$work/command")"
    cat "$work/why"
  fi
}

unindented() { sed -E 's/^ +//' "$@"; }

excerpt() { # guide line file, with the excerpt in a file
  commands=$((commands + 1))
  local code text
  code=$(unindented "$work/excerpt")
  text=$(unindented "$3" 2> /dev/null)
  if [ -z "$code" ] || [[ "$text" != *"$code"* ]]; then
    failures=$((failures + 1))
    echo "$1:$2: $3 does not have these lines"
  fi
}

for guide in "$@"; do
  rm -rf "$work/guide"
  mkdir "$work/guide"
  inside=0 pending=0 continues=0 tolerance=1e-9 number=0 start=0
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    if [ "$inside" -eq 0 ]; then
      case $line in
        '<!-- tolerance '*) tolerance=${line#<!-- tolerance } tolerance=${tolerance% -->} ;;
        '```console') inside=1 pending=0 ;;
        '```swift '*)
          inside=2 start=$number source=${line#\`\`\`swift }
          : > "$work/excerpt"
          ;;
      esac
      continue
    fi
    if [ "$inside" -eq 2 ]; then
      if [ "$line" = '```' ]; then
        excerpt "$guide" "$start" "$source"
        inside=0
      else
        printf '%s\n' "$line" >> "$work/excerpt"
      fi
      continue
    fi
    case $line in
      '```')
        if [ "$pending" -eq 1 ]; then check "$guide" "$start" "$tolerance"; fi
        inside=0 tolerance=1e-9
        ;;
      '$ '*)
        if [ "$pending" -eq 1 ]; then check "$guide" "$start" "$tolerance"; fi
        pending=1 start=$number
        printf '%s\n' "${line#\$ }" > "$work/command"
        : > "$work/expected"
        case $line in *\\) continues=1 ;; *) continues=0 ;; esac
        ;;
      *)
        if [ "$continues" -eq 1 ]; then
          printf '%s\n' "$line" >> "$work/command"
          case $line in *\\) ;; *) continues=0 ;; esac
        else
          printf '%s\n' "$line" >> "$work/expected"
        fi
        ;;
    esac
  done < "$guide"
done

if [ "$commands" -eq 0 ]; then echo "Scripts/check-guides.sh: no guide has anything to check"; exit 1; fi
if [ "$failures" -gt 0 ]; then echo "$failures of $commands commands and excerpts are not as their guide says"; exit 1; fi
echo "$commands commands and excerpts of the guides are as the guides say"
