#!/bin/sh
# Times the training step beside PyTorch + PEFT on the same work, in turn, from the same start.
#
#   bench/compare-peft.sh BENCH_TRAIN PYTHON TRAIN_PEFT.PY MODEL_DIR DATA_DIR [ROUNDS]
#
# PYTHON has torch, transformers and peft; TRAIN_PEFT.PY is a loop that prints one JSON line with
# raw_tokens_per_s, losses and peak_rss_gib and writes its initial adapter for --save-initial;
# MODEL_DIR holds bf16 weights in Hugging Face's layout, DATA_DIR a train.jsonl of prompt and
# completion. Six examples an iteration, answers only, rank 8, scale 20, last 16 layers, AdamW at 1e-4.
set -eu
[ $# -ge 5 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
ours=$1 python=$2 script=$3 model=$4 data=$5 rounds=${6:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
round=1
while [ "$round" -le "$rounds" ]; do
    "$python" "$script" --model "$model" --data "$data" --batch-size 1 --accumulate 6 --iters 4 --warmup 1 \
        --save-initial "$work/initial" 2>/dev/null | tail -n 1 >"$work/peft.$round"
    "$ours" "$model" "$data/train.jsonl" "$work/initial" 8 >"$work/ours.$round"
    printf 'round %d\n  PEFT  %s\n' "$round" "$(cat "$work/peft.$round")"
    sed 's/^/  ours  /' "$work/ours.$round"
    round=$((round + 1))
done
echo "medians of the rounds:"
for side in raw set peft; do
    case $side in
    raw) cat "$work"/ours.* | sed -n 's/^median: raw \([0-9.]*\) .*/\1/p' ;;
    set) cat "$work"/ours.* | sed -n 's/^median: .*data set \([0-9.]*\) .*/\1/p' ;;
    peft) cat "$work"/peft.* | sed -n 's/.*"raw_tokens_per_s": {"median": \([0-9.]*\).*/\1/p' ;;
    esac | sort -n >"$work/$side"
    n=$(wc -l <"$work/$side")
    sed -n "$(((n + 1) / 2))p" "$work/$side" >"$work/$side.median"
done
awk -v raw="$(cat "$work/raw.median")" -v set="$(cat "$work/set.median")" -v peft="$(cat "$work/peft.median")" 'BEGIN {
    printf "  PEFT %.0f tokens/s; ours raw %.0f (%.2f times), data set %.0f (%.1f times)\n", peft, raw, raw / peft, set, set / peft }'
