#!/bin/sh
# torch.distributed between two machines, as far as one machine can show it: two network namespaces
# with addresses of their own and a virtual cable between them. Needs root and `ip` (iproute2).
#
#     sh tools/two_machines.sh [PYTHON]
#
# 1. --nnodes 2 --node-rank: the checks of tests/xla/rank_checks.py that need four processes
# 2. the same machines number themselves (--rdzv-backend c10d)
# 3. kill -9 of a process of the second machine ends both launchers
set -eu
PYTHON=${1:-python3}
HERE=$(cd "$(dirname "$0")/.." && pwd)
CHECKS="check_scattered_sums check_groups check_data_parallel_equals_one_process check_compiled_steps
check_data_parallel_rules check_batch_norm_of_all check_sharded_optimizer"
WORK=$(mktemp -d)
A=rl-a-$$ B=rl-b-$$
trap 'ip netns del $A 2>/dev/null || true; ip netns del $B 2>/dev/null || true; rm -rf $WORK' EXIT INT TERM

ip netns add $A
ip netns add $B
ip link add rla$$ netns $A type veth peer name rlb$$ netns $B
ip -n $A addr add 10.77.0.1/24 dev rla$$
ip -n $B addr add 10.77.0.2/24 dev rlb$$
for ns in $A $B; do ip -n $ns link set lo up; done
ip -n $A link set rla$$ up
ip -n $B link set rlb$$ up

# machine NAMESPACE OUT arguments...: the launcher there
machine() {
    ns=$1 out=$2
    shift 2
    ip netns exec "$ns" "$PYTHON" -m rushlight.distributed.run --nnodes 2 --nproc-per-node 2 "$@" \
        >"$WORK/$out" 2>&1
}

# ended WHAT ONE TWO WANTED: how the launchers of both machines ended, and how they should
ended() {
    echo "$1: status $2 and $3, $(grep -h '^ok ' "$WORK"/a "$WORK"/b | sort -u | wc -l) checks passed, $(($(date +%s) - BEGIN)) s"
    [ "$2$3" = "$4" ] || { cat "$WORK/a" "$WORK/b"; exit 1; }
}

BEGIN=$(date +%s)
STATIC="--master-addr 10.77.0.1 --master-port 29517"
machine $A a --node-rank 0 $STATIC "$HERE/tests/xla/rank_checks.py" $CHECKS & first=$!
machine $B b --node-rank 1 $STATIC "$HERE/tests/xla/rank_checks.py" $CHECKS & second=$!
one=0 two=0
wait $first || one=$?
wait $second || two=$?
ended "static" $one $two 00

BEGIN=$(date +%s)
C10D="--rdzv-backend c10d --rdzv-endpoint 10.77.0.1:29518 --rdzv-id cable"
machine $A a $C10D "$HERE/tests/xla/rank_checks.py" check_scattered_sums check_groups & first=$!
machine $B b $C10D "$HERE/tests/xla/rank_checks.py" check_scattered_sums check_groups & second=$!
one=0 two=0
wait $first || one=$?
wait $second || two=$?
ended "c10d" $one $two 00

cat >"$WORK/dies.py" <<'PROGRAM'
import os, sys
import torch
import torch.distributed as dist

dist.init_process_group("gloo")
x = torch.ones(1000)
dist.all_reduce(x)
open(os.path.join(sys.argv[1], f"pid{dist.get_rank()}"), "w").write(str(os.getpid()))
while True:
    dist.all_reduce(x)
    x /= dist.get_world_size()
PROGRAM
machine $A a --node-rank 0 $STATIC "$WORK/dies.py" "$WORK" & first=$!
machine $B b --node-rank 1 $STATIC "$WORK/dies.py" "$WORK" & second=$!
while [ "$(ls "$WORK" | grep -c '^pid')" -lt 4 ]; do sleep 0.1; done
sleep 1
BEGIN=$(date +%s)
kill -9 "$(cat "$WORK/pid3")"
one=0 two=0
wait $second || two=$?
wait $first || one=$?
ended "kill -9 of rank 3" $one $two 11
cat "$WORK/b" | grep -A3 "rank 3" | head -4
