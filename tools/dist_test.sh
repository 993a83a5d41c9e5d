#!/usr/bin/env bash
# Test on several GPUs (without a GPU: several processes); each takes whole videos.
# Usage: tools/dist_test.sh CONFIG CHECKPOINT NUM_PROCESSES [flags of tools/test.py]
set -euo pipefail
if [ $# -lt 3 ]; then
    sed -n '2,3s/^# //p' "$0" >&2
    exit 2
fi
config=$1 checkpoint=$2 processes=$3
shift 3
exec python -m torch.distributed.run \
    --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --nproc_per_node="$processes" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" \
    "$(dirname "$0")/test.py" "$config" "$checkpoint" --launcher pytorch "$@"
