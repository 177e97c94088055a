#!/usr/bin/env bash
# Builds the reference of the library, and the guides beside it, with the toolchain's docc; a warning is an error.
#
#   Scripts/build-docs.sh [folder of the archive]
#
# The guides are the files of Documentation, in which links from one to another become links of the catalogue. Look at the result with:
# python3 -m http.server, in the archive's folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
archive=$(realpath -m "${1:-.build-docs/svnup.doccarchive}")
if ! command -v docc > /dev/null; then echo "skipped: the toolchain has no docc"; exit 77; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/svnup.docc" "$work/all" "$work/public"
swift build --scratch-path .build-docs --target Report -Xswiftc -emit-symbol-graph -Xswiftc -emit-symbol-graph-dir \
  -Xswiftc "$work/all"
for product in Charts Report ShapleyPrune Tensor Tokenizer Transformer; do
  cp "$work/all/$product".symbols.json "$work/all/$product"@*.symbols.json "$work/public/" 2> /dev/null || true
done

for guide in Documentation/*.md; do
  sed -E 's/\]\(([A-Za-z]+)\.md(#[^)]*)?\)/](doc:\1)/g; s/\]\(\.\.\/([^)]*)\)/](\1)/g' "$guide" > "$work/svnup.docc/${guide##*/}"
done
{
  printf '# svnup\n\n@Metadata {\n  @TechnologyRoot\n}\n\nPrune a language model so that every part of it gets the sparsity it deserves.\n\n'
  printf '## Topics\n\n### Begin\n\n- <doc:Start>\n- <doc:Shapley>\n\n### Guides\n\n'
  for guide in Documentation/*.md; do
    name=$(basename "$guide" .md)
    case $name in Start | Shapley) ;; *) echo "- <doc:$name>" ;; esac
  done
} > "$work/svnup.docc/svnup.md"

mkdir -p "$(dirname "$archive")"
docc convert "$work/svnup.docc" --additional-symbol-graph-dir "$work/public" --fallback-display-name svnup \
  --fallback-bundle-identifier svnup --output-path "$archive" --warnings-as-errors
echo "$(find "$archive/data" -name '*.json' | wc -l) pages in $archive"
