#!/usr/bin/env bash
# Everything that needs a GPU, in one go and within five minutes, with no network.
#
#   tests/gpu/run.sh [OUT] [PARTS]
#
# OUT gets parity.json, bench.json, bench.html and log.txt (default: tests/bench/results). PARTS, if given, is a folder
# with an unpack.sh that installs into a folder what this machine lacks (TensorRT-RTX, PyCUDA, PyAV, msgspec) from local parts,
# perhaps a smoke.py, and perhaps more wheels in PARTS/wheels. Every step is tried, also after one that failed; the exit
# status is the number of steps that failed.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mkdir -p "${1:-$root/tests/bench/results}" && cd "${1:-$root/tests/bench/results}" && pwd)
parts=${2:-}
python=${PYTHON:-python3}
site=${SITE:-$(mktemp -d)}
failed=0
exec > >(tee "$out/log.txt") 2>&1

step() {  # step NAME COMMAND...: run it, say how long it took, count a failure
  local name=$1 began=$SECONDS; shift
  echo "== $name"
  if "$@"; then echo "== $name: done in $((SECONDS - began)) s"; else echo "== $name: FAILED after $((SECONDS - began)) s"; failed=$((failed + 1)); fi
}

install_parts() {
  [ -n "$parts" ] || { echo "no parts given: what is installed must do"; return 0; }
  bash "$parts/unpack.sh" "$site" || return 1
  if ls "$parts"/wheels/*.whl > /dev/null 2>&1; then
    "$python" -m pip install -q --no-index --no-deps --upgrade --target "$site" "$parts"/wheels/*.whl
  fi
}

install_polyplive() {  # from a copy: the build leaves files behind
  local copy; copy=$(mktemp -d)
  (cd "$root" && tar -cf - --exclude=.git --exclude=.venv --exclude=engines/cache .) | tar -xf - -C "$copy"
  "$python" -m pip install -q --no-index --no-deps --no-build-isolation --upgrade --target "$site" "$copy"
}

smoke() {
  [ -n "$parts" ] && [ -f "$parts/smoke.py" ] || { echo "no smoke.py"; return 0; }
  local graphs; graphs=$(mktemp -d)
  "$python" - "$root/engines/polyplive-fast.onnx" "$graphs" <<'END' || return 1
import sys
from pathlib import Path
from polyplive.backends.onnx_file.stored_weights import graph_bytes
from polyplive.export.precision.float16_file import float16_file
graph, folder = map(Path, sys.argv[1:])
(folder / "float32.onnx").write_bytes(graph_bytes(graph))
(folder / "float16.onnx").write_bytes(float16_file(graph, folder).read_bytes())
END
  "$python" "$parts/smoke.py" "$graphs/float32.onnx" && "$python" "$parts/smoke.py" "$graphs/float16.onnx"
}

export PYTHONPATH="$site${PYTHONPATH:+:$PYTHONPATH}" POLYPLIVE_CACHE="$site/engines-cache" POLYPLIVE_MODEL=polyplive-fast
cd "$site"  # not the checkout: the installed package is what is tried
nvidia-smi || true
step "local parts" install_parts
step "polyplive" install_polyplive
step "smoke test" smoke
step "doctor" "$python" -m polyplive doctor || true
step "build, float32" "$python" -m polyplive build --precision float32
step "build, float16" "$python" -m polyplive build --precision float16
step "build, the accurate model" "$python" -m polyplive build polyplive-accurate
step "parity" "$python" "$root/tests/gpu/parity.py" "$out/parity.json"
step "tests" "$python" -m pytest -q -p no:cacheprovider -c "$root/pyproject.toml" --rootdir "$root" -m gpu "$root/tests/gpu"
step "benchmark" "$python" -m polyplive bench --backend tensorrt --frames 1000 --runs 3 \
  --compare mask --compare float32 --compare torch --compare onnxruntime-cuda --compare onnxruntime \
  --json "$out/bench.json" --chart "$out/bench.html"
step "benchmark of the accurate model" "$python" -m polyplive bench --backend tensorrt --model polyplive-accurate \
  --frames 1000 --runs 3 --compare mask --compare float32 --json "$out/bench-accurate.json" --chart "$out/bench-accurate.html"
echo "== $failed steps failed, $SECONDS s in all"
exit "$failed"
