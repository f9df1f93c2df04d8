#!/bin/sh
# Runs Heddle's GPU cases and benchmarks on a bare Linux machine (x64, glibc 2.34 or later, a GPU with its Vulkan driver). What it needs
# lies in this folder; `./run.sh --help` says what it understands. Results: the folder results/.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
node="$here/bin/node"

unpack() {
  if [ ! -f "$1" ]; then
    gzip -dc "$1.gz" >"$1.part"
    chmod +x "$1.part"
    mv "$1.part" "$1"
  fi
}

unpack "$node"
unpack "$here/dist/linux-x64/dawn.node"
# The machine's own C++ library comes first; this one serves where there is none.
if ! "$node" --version >/dev/null 2>&1; then
  LD_LIBRARY_PATH="$here/lib/c++${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  export LD_LIBRARY_PATH
  if ! "$node" --version >/dev/null; then
    echo 'FAILED this machine cannot run Node.js: it must be Linux on x64 with glibc 2.34 or later'
    echo '0 passed, 1 failed'
    exit 1
  fi
fi
exec "$node" "$here/heddle.mjs" "$@"
