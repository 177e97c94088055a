#!/usr/bin/env bash
# Runs the tests under the compiler's run-time checks: one kind, or all of them in turn.
#
#   Scripts/sanitize.sh [exclusivity|thread|address] [FILTER]
#
# exclusivity  a release build that checks every access for exclusivity, also those that the optimiser would take as proved
# thread       data races (ThreadSanitizer)
# address      accesses outside of an allocation, or to one that was freed (AddressSanitizer)
#
# Each builds into a folder of its own below .build, several minutes the first time. Not part of .ci/run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What has threads or unsafe memory of its own. Left out by default: ShapleyPruneTests and svnupTests, hours of arithmetic under a
# sanitizer on the same kernels, threads and files; FILTER runs any of them.
suites='SupportTests|TensorTests|TokenizerTests|TransformerTests'

# Left out in any case: tests of what a sanitizer changes.
# - KernelObjectTests looks for forbidden instructions and symbols in the kernels' object files.
# - SaveTests starts hundreds of processes of the test bundle; FileOperationTests and DirectoryWriterTests take the same paths.
# - MemoryPoolTests counts resident pages.
skipped='KernelObjectTests|SaveTests/kills|MemoryPoolTests'
