#!/usr/bin/env python3
"""Runs ONNX's own node tests: each case is compiled with moe-opt, executed, and compared with its expected outputs.

Prints `N passed, N failed, N skipped`. A case is skipped where moe-opt refuses it: it ends with exit code 2 and names the operator or the
input. Anything else that is not the expected result is a failure. Exit code 1 where a case failed, or the table of --check-table is old.
"""

import argparse
import collections
import json
import multiprocessing
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings

import ml_dtypes
import numpy as np

LIMIT_S = 30  # seconds that compiling, and running, a case may take


def load_cases():
    """All cases of the installed ONNX, in the order of their names."""
    warnings.filterwarnings("ignore")
    with open(os.devnull, "w") as sink:
        stderr, sys.stderr = sys.stderr, sink
        try:
            from onnx.backend.test.case.node import collect_testcases

            np.random.seed(0)
            cases = collect_testcases(None)
        finally:
            sys.stderr = stderr
    return sorted(cases, key=lambda case: case.name)


def subject(case):
    """The operator that a case is about: from its name where the graph is an expanded function body."""
    nodes = case.model.graph.node
    kinds = {(node.domain + "." if node.domain not in ("", "ai.onnx") else "") + node.op_type for node in nodes}
    if len(kinds) == 1:
        return kinds.pop()
    words = re.sub(r"^test_", "", case.name).replace("_expanded", "")
    return max((kind for kind in KNOWN if words.startswith(kind[0])), default=("", "several"), key=lambda kind: len(kind[0]))[1]


def known_operators():
    """(snake_case prefix of test names, operator) for all operators."""
    import onnx.defs

    result = set()
    for schema in onnx.defs.get_all_schemas():
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", schema.name).lower()
        for spelling in (snake, snake.replace("_", ""), schema.name.lower()):
            result.add((spelling, schema.name))
    short = {"sce": "SoftmaxCrossEntropyLoss", "nllloss": "NegativeLogLikelihoodLoss", "mvn": "MeanVarianceNormalization",
             "instancenorm": "InstanceNormalization", "batchnorm": "BatchNormalization", "logsoftmax": "LogSoftmax"}
    return sorted(result | {(key, value) for key, value in short.items()})


def quick(cases, count=200):
    """`count` cases: the first of every operator by name, then every k-th of the others; whether they pass plays no part."""
    seen, chosen, others = set(), [], []
    for case in cases:
        name = subject(case)
        (others if name in seen else chosen).append(case)
        seen.add(name)
    rest = max(count - len(chosen), 0)
    step = max(len(others) // rest, 1) if rest else 1
    return chosen + (others[::step][:rest] if rest else [])


def similar(got, want, rtol, atol):
    """Raises AssertionError where an output is not the expected one.

    Half-precision results may differ by two units in the last place: sums are made in float32 here, not rounded after each step.
    """
    want = np.asarray(want)
    assert got.dtype == want.dtype, f"type {got.dtype} instead of {want.dtype}"
    assert got.shape == want.shape, f"shape {got.shape} instead of {want.shape}"
    if want.dtype.kind in "biu":
        np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), rtol=rtol, atol=atol)
    elif want.dtype == np.float64:
        np.testing.assert_allclose(got, want, rtol=rtol, atol=atol)
    else:
        rtol = max(rtol, 2 * float(ml_dtypes.finfo(want.dtype).eps)) if want.dtype.itemsize == 2 else rtol
        np.testing.assert_allclose(got.astype(np.float32), want.astype(np.float32), rtol=rtol, atol=atol)


def execute(case, folder):
    """Runs the artefact on all data sets of a case, in this process."""
    from artefact import Artefact

    from onnx import TensorProto, numpy_helper

    def array(value):
        return numpy_helper.to_array(value) if isinstance(value, TensorProto) else value

    artefact = Artefact(folder)
    graph = case.model.graph
    for inputs, outputs in case.data_sets:
        feeds = {value.name: array(data) for value, data in zip(graph.input, inputs)}
        results = artefact.run(feeds)
        for value, want in zip(graph.output, outputs):
            similar(results[value.name], array(want), case.rtol, case.atol)


def isolated(case, folder):
    """Runs a case in a child process; returns an error, or None."""
    source, sink = multiprocessing.Pipe(duplex=False)
    child = os.fork()
    if child == 0:
        try:
            execute(case, folder)
            sink.send(None)
        except BaseException as error:  # everything is a result of the test
            text = "".join(traceback.format_exception_only(type(error), error)).strip()
            sink.send(" ".join(text.split())[:400])
        os._exit(0)
    sink.close()
    answer = "timeout"
    if source.poll(LIMIT_S):
        try:
            answer = source.recv()
        except EOFError:
            answer = None
            _, status = os.waitpid(child, 0)
            return f"crashed: {signal.Signals(os.WTERMSIG(status)).name}" if os.WIFSIGNALED(status) else "ended without an answer"
    if answer == "timeout":
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return answer


def crash_site(trace):
    """The innermost named functions of a stack dump."""
    frames = re.findall(r"^ *#\d+ 0x\w+ (\S+?\(|\S+)", trace, re.M)
    named = [frame.rstrip("(") for frame in frames if "::" in frame and "llvm::sys" not in frame]
    return " < ".join(named[:4]) or trace[-200:]


def all_nodes(graph):
    """The nodes of a graph and of the graphs in their attributes."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            yield from all_nodes(attribute.g)


def run_case(case, tool, scratch):
    """(status, message) with status passed, skipped or failed."""
    import onnx

    model = scratch / f"{case.name}.onnx"
    onnx.save(case.model, model)
    folder = scratch / f"{case.name}.moe"
    try:
        done = subprocess.run([tool, model, "-o", folder], capture_output=True, text=True, timeout=LIMIT_S, errors="replace")
    except subprocess.TimeoutExpired:
        return "failed", "the compiler did not end"
    line = next((line for line in done.stderr.splitlines() if "error: " in line), "")
    message = line.partition("error: ")[2]
    if done.returncode == 2:
        named = any(node.op_type in line for node in all_nodes(case.model.graph)) or message.startswith("input '")
        return ("skipped", message) if named else ("failed", f"refused without naming the operator: {message or done.stderr[-200:]}")
    if done.returncode != 0:
        return "failed", f"the compiler ended with {done.returncode}: {message or crash_site(done.stderr)}"
    error = isolated(case, folder)
    return ("failed", error) if error else ("passed", "")


def worker(tool, scratch, indices, results):
    for index in iter(indices.get, None):
        start = time.time()
        try:
            status, message = run_case(CASES[index], tool, scratch)
        except Exception as error:
            status, message = "failed", f"the test itself: {error}"
        results.put((index, status, message, time.time() - start))


def run(cases, tool, jobs, scratch):
    """Results by case name: (operator, status, message, seconds)."""
    global CASES
    CASES = cases
    indices, results = multiprocessing.Queue(), multiprocessing.Queue()
    for index in range(len(cases)):
        indices.put(index)
    workers = []
    for _ in range(jobs):
        indices.put(None)
        workers.append(multiprocessing.Process(target=worker, args=(tool, scratch, indices, results)))
        workers[-1].start()
    told = {}
    for _ in cases:
        index, status, message, seconds = results.get()
        told[cases[index].name] = (subject(cases[index]), status, message, seconds)
        if sys.stderr.isatty():
            print(f"\r{len(told)}/{len(cases)}", end="", file=sys.stderr)
    for process in workers:
        process.join()
    return told


def table(told):
    """The Markdown page of results by operator."""
    rows = collections.defaultdict(collections.Counter)
    reasons = {}
    for operator, status, message, _ in told.values():
        rows[operator][status] += 1
        if status != "passed":
            reasons.setdefault(operator, message)
    counts = collections.Counter(entry[1] for entry in told.values())
    lines = [
        "# ONNX operators",
        "",
        "Generated by `test/onnx/run_node_tests.py --table docs/operators.md`: ONNX's own node tests, by operator. A skipped case is one that",
        "moe-opt refuses, with exit code 2 and the reason; a refusal for an operator's types, attributes or shapes says which.",
        "",
        f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped.",
        "",
        "| operator | passed | failed | skipped | the first reason |",
        "|---|---:|---:|---:|---|",
    ]
    for operator in sorted(rows, key=str.lower):
        count = rows[operator]
        reason = reasons.get(operator, "").replace("|", "\\|")
        lines.append(f"| {operator} | {count['passed']} | {count['failed']} | {count['skipped']} | {reason} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moe-opt", default="moe-opt", help="the compiler")
    parser.add_argument("--quick", action="store_true", help="200 cases: every operator, then every k-th")
    parser.add_argument("--filter", default="", help="only cases whose name matches this regular expression")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=pathlib.Path, help="write all results here")
    parser.add_argument("--table", type=pathlib.Path, help="write the results by operator here")
    parser.add_argument("--check-table", type=pathlib.Path, help="fail unless this file is what --table would write")
    parser.add_argument("--scratch", type=pathlib.Path, help="keep models and artefacts in this folder")
    arguments = parser.parse_args()

    global KNOWN
    KNOWN = known_operators()
    cases = [case for case in load_cases() if re.search(arguments.filter, case.name)]
    if arguments.quick:
        cases = quick(cases)
    with tempfile.TemporaryDirectory() as temporary:
        scratch = arguments.scratch or pathlib.Path(temporary)
        scratch.mkdir(parents=True, exist_ok=True)
        told = run(cases, arguments.moe_opt, arguments.jobs, scratch)
    for name, (_, status, message, _) in sorted(told.items()):
        if status == "failed":
            print(f"FAILED {name}: {message}")
    counts = collections.Counter(entry[1] for entry in told.values())
    if arguments.json:
        arguments.json.write_text(json.dumps({name: dict(zip(("operator", "status", "message", "seconds"), entry)) for name, entry in sorted(told.items())}, indent=1))
    if arguments.table:
        arguments.table.parent.mkdir(parents=True, exist_ok=True)
        arguments.table.write_text(table(told))
    old = arguments.check_table and (not arguments.check_table.exists() or arguments.check_table.read_text() != table(told))
    if old:
        print(f"{arguments.check_table} is old: write it anew with --table")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or old else 0


if __name__ == "__main__":
    sys.exit(main())
