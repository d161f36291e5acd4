"""Runs every mutant that cargo-mutants makes of a crate, all of them built at once.

cargo-mutants builds each mutant by itself: two thousand of them take a night. Here each becomes a branch of one build
("mutant schemata"), and `GUARD_MUTANT` says which branch is taken. Each test first writes down which mutants it reaches,
and a mutant is then run against the tests that reach it, until one fails. What does not compile as a branch is left to
cargo-mutants.

    mutants.py --scratch target/mutants --tests guard-core --tests guard-tests --only shared/core/src/steps
    mutants.py --scratch target/mutants --again        goes on where an earlier run of the same build stopped
    mutants.py --scratch target/mutants --again --retry missed        runs those again, after one with --longest
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import tree_sitter
import tree_sitter_rust

# What decides comes first: whoever stops the run early has that.
FIRST = ("judge", "tally.rs", "standing.rs", "state.rs", "steps", "event", "policy", "sight")
RUST = tree_sitter.Language(tree_sitter_rust.language())
SWITCH = """
/// Which mutant this is, and which were reached.
pub mod mutants {
    #![allow(warnings, reason = "made by mutants.py")]
    use std::io::Write;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{LazyLock, Mutex};

    static ACTIVE: LazyLock<usize> =
        LazyLock::new(|| std::env::var("GUARD_MUTANT").ok().and_then(|n| n.parse().ok()).unwrap_or(usize::MAX));
    static REACHED: LazyLock<Option<Mutex<std::fs::File>>> = LazyLock::new(|| {
        let path = std::env::var("GUARD_REACHED").ok()?;
        Some(Mutex::new(std::fs::File::options().append(true).create(true).open(path).unwrap()))
    });
    static SEEN: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];

    pub fn on(number: usize) -> bool {
        if REACHED.is_some() && !SEEN[number].swap(true, Ordering::Relaxed) {
            let mut file = REACHED.as_ref().unwrap().lock().unwrap();
            writeln!(file, "{number}").unwrap();
        }
        number == *ACTIVE
    }
}
"""


def mutants_of(root, package):
    listed = subprocess.run(
        ["cargo", "mutants", "-p", package, "--list", "--json"], cwd=root, check=True, capture_output=True, text=True
    )
    return json.loads(listed.stdout)


def offset(lines, position):
    """Of a line and a column in characters, both from 1, into the bytes."""
    before = sum(len(line) for line in lines[: position["line"] - 1])
    line = lines[position["line"] - 1].decode()
    return before + len(line[: position["column"] - 1].encode())


def ancestors(node):
    while node is not None:
        yield node
        node = node.parent


class File:
    """One file, and its mutants as edits of its syntax tree."""

    def __init__(self, path):
        self.path = path
        self.text = path.read_bytes()
        self.tree = tree_sitter.Parser(RUST).parse(self.text)
        self.lines = self.text.splitlines(keepends=True)
        # Of each node: what is to become of it.
        self.edits = {}

    def add(self, number, mutant):
        """Whether the mutant can be a branch."""
        start, end = offset(self.lines, mutant["span"]["start"]), offset(self.lines, mutant["span"]["end"])
        node = self.tree.root_node.descendant_for_byte_range(start, end)
        if node is None or any(self.is_const(one) for one in ancestors(node)):
            return False
        find = {
            "BinaryOperator": self.operator,
            "UnaryOperator": self.unary,
            "FnValue": self.body,
            "MatchArmGuard": self.guard,
            "MatchArm": self.arm,
            "StructField": self.field,
        }[mutant["genre"]]
        found = find(node, start, end)
        if found is None:
            return False
        node, what = found
        self.edits.setdefault(node.id, (node, []))[1].append((number, what, mutant["replacement"]))
        return True

    @staticmethod
    def is_const(node):
        if node.type in ("const_item", "static_item", "array_type"):
            return True
        if node.type == "function_item":
            return any(part.type == "function_modifiers" and b"const" in part.text for part in node.children)
        return False

    def operator(self, node, start, end):
        for one in ancestors(node):
            if one.type in ("binary_expression", "compound_assignment_expr"):
                operator = one.child_by_field_name("operator")
                if operator is not None and operator.start_byte == start:
                    return one, ("operator", operator)
        return None

    def unary(self, node, start, end):
        for one in ancestors(node):
            if one.type == "unary_expression" and one.start_byte == start:
                return one, ("unary", one.children[-1])
        return None

    def body(self, node, start, end):
        for one in ancestors(node):
            if one.type == "function_item":
                result = one.child_by_field_name("return_type")
                # Two values of one `impl Trait` must be of one type, and hardly ever are.
                if result is not None and b"impl " in result.text:
                    return None
                return one.child_by_field_name("body"), ("body", None)
        return None

    def guard(self, node, start, end):
        for one in ancestors(node):
            if one.parent is not None and one.parent.type == "match_pattern":
                condition = one.parent.child_by_field_name("condition")
                return (condition, ("guard", None)) if condition is not None and condition == one else None
        return None

    def arm(self, node, start, end):
        for one in ancestors(node):
            if one.type == "match_arm" and one.start_byte == start:
                pattern = one.child_by_field_name("pattern")
                return pattern, ("arm", pattern.child_by_field_name("condition"))
        return None

    def field(self, node, start, end):
        for one in ancestors(node):
            if one.type == "struct_expression":
                return one, ("field", (start, end))
        return None

    def slice(self, start, end):
        return self.text[start:end].decode()

    def render(self, node, nested=True):
        """The text of a node with its mutants in it; without them where only one is on anyway."""
        if node.id in self.edits and nested:
            return self.branches(*self.edits[node.id])
        return self.inside(node)

    def inside(self, node):
        """The text of a node without its own mutants, and with those of its parts."""
        if not self.has_edits(node):
            return node.text.decode()
        text, at = "", node.start_byte
        for child in node.children:
            text += self.slice(at, child.start_byte) + self.render(child)
            at = child.end_byte
        return text + self.slice(at, node.end_byte)

    def has_edits(self, node):
        if not hasattr(self, "spans"):
            self.spans = [(one.start_byte, one.end_byte) for one, _ in self.edits.values()]
        return any(node.start_byte <= start and end <= node.end_byte for start, end in self.spans)

    def branches(self, node, mutants):
        on = "crate::mutants::on"
        guards = [one for one in mutants if one[1][0] == "guard"]
        if guards:
            # What may be a mutant of the condition's operator, too.
            others = [one for one in mutants if one[1][0] != "guard"]
            text = self.branches(node, others) if others else self.inside(node)
            for number, _, value in guards:
                text = f"({on}({number}) || ({text}))" if value == "true" else f"(!{on}({number}) && ({text}))"
            return text
        kind = mutants[0][1][0]
        if kind == "body":
            inner = self.inside(node)
            returns = "".join(f" if {on}({number}) {{ return {value}; }}" for number, _, value in mutants)
            # What a body says of itself (`#![…]`) must stay first; ours say nothing.
            return "{" + returns + inner[1:]
        if kind == "arm":
            number, (_, condition), _ = mutants[0]
            if condition is None:
                return f"{self.inside(node)} if !{on}({number})"
            before = self.slice(node.start_byte, condition.start_byte)
            return f"{before}!{on}({number}) && ({self.render(condition)})"
        chain = ""
        for number, (_, part), value in mutants:
            if kind == "operator":
                changed = self.slice(node.start_byte, part.start_byte) + value + self.slice(part.end_byte, node.end_byte)
            elif kind == "unary":
                changed = part.text.decode()
            else:
                start, end = part
                after = re.sub(r"^\s*,", "", self.slice(end, node.end_byte))
                changed = self.slice(node.start_byte, start) + after
            chain += f"if {on}({number}) {{ {changed} }} else "
        return f"({chain}{{ {self.inside(node)} }})"

    def write(self):
        self.spans = [(one.start_byte, one.end_byte) for one, _ in self.edits.values()]
        self.path.write_text(self.render(self.tree.root_node))


def weave(source, target, package_root, mutants, left_out):
    """Writes the crate with all mutants in it, but those left out. Gives the numbers of those in it."""
    files, woven = {}, set()
    shutil.copytree(source / package_root / "src", target / package_root / "src", dirs_exist_ok=True)
    for number, mutant in enumerate(mutants):
        if number in left_out:
            continue
        path = mutant["file"]
        if path not in files:
            files[path] = File(target / path)
        if files[path].add(number, mutant):
            woven.add(number)
    for file in files.values():
        file.write()
    library = target / package_root / "src/lib.rs"
    library.write_text(library.read_text() + SWITCH.replace("COUNT", str(len(mutants) + 1)))
    return woven


def cargo(target, *words):
    """What this command built of test programs, or the errors of what does not compile."""
    command = ["cargo", *words, "--locked", "--message-format", "json"]
    ran = subprocess.run(command, cwd=target, capture_output=True, text=True)
    programs, errors = [], []
    for line in ran.stdout.splitlines():
        message = json.loads(line)
        if message["reason"] == "compiler-artifact" and message["profile"]["test"] and message.get("executable"):
            folder = pathlib.Path(message["manifest_path"]).parent
            programs.append((message["target"]["name"], message["executable"], folder))
        elif message["reason"] == "compiler-message" and message["message"]["level"] == "error":
            errors.append(message["message"])
    if ran.returncode == 0:
        return programs, None
    if not errors:
        sys.exit(ran.stderr[-3000:])
    return None, errors


def enclosing(text, at):
    """The mutant on whose branch a place lies."""
    best = None
    for branch in re.finditer(rb"mutants::on\((\d+)\)\)? *\{", text):
        depth, end = 0, branch.end() - 1
        while end < len(text):
            depth += {123: 1, 125: -1}.get(text[end], 0)
            end += 1
            if depth == 0:
                break
        if branch.end() <= at < end and (best is None or branch.start() > best[0]):
            best = (branch.start(), int(branch.group(1)))
    return None if best is None else best[1]


def culprits(errors, target):
    """The mutants on whose branch an error lies; if it lies on none, those on the function's other ways out."""
    found = set()
    for error in errors:
        spans = sorted(error["spans"], key=lambda span: not span["is_primary"])
        for span in spans:
            path = pathlib.Path(span["file_name"])
            path = path if path.is_absolute() else target / path
            if not path.exists():
                continue
            culprit = enclosing(path.read_bytes(), span["byte_start"])
            if culprit is not None:
                found.add(culprit)
                break
        else:
            span, path = spans[0], target / spans[0]["file_name"]
            # A match that is no longer exhaustive: its guards of ours are after the value that is matched.
            arms = re.findall(rb"if !crate::mutants::on\((\d+)\)", path.read_bytes()[span["byte_end"] :][:3000])
            if error["code"] is None or error["code"]["code"] != "E0004" or not arms:
                print(error["rendered"], file=sys.stderr)
            else:
                found.update(int(number) for number in arms)
    return found


def tests_of(program, skip):
    listed = subprocess.run([program[1], "--list", "--format", "terse"], cwd=program[2], capture_output=True, text=True)
    names = [line.removesuffix(": test") for line in listed.stdout.splitlines() if line.endswith(": test")]
    return [name for name in names if not any(one in name for one in skip)]


def run(program, names, environment, seconds):
    """Runs these tests for so many seconds of CPU at most: what else the machine does costs nobody a verdict."""
    command = [program[1], "--exact", "--test-threads", "1", "-q", *names]
    limit = int(seconds)
    try:
        ran = subprocess.run(
            command,
            cwd=program[2],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            # Who waits for ever uses no CPU.
            timeout=60 * seconds,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1)),
        )
    except subprocess.TimeoutExpired:
        return "timeout", ""
    if ran.returncode == 0:
        return "passed", ""
    if ran.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return "timeout", ""
    failed = re.findall(r"^---- (.*) stdout ----$", ran.stdout, re.MULTILINE)
    return "caught", f"{program[0]} {failed[0] if failed else names[0]}"


def reach(programs, skip, scratch, jobs):
    """Of each test: which mutants it reaches, and how long it takes."""

    def one(task):
        number, (program, name) = task
        file = scratch / f"reached-{number}"
        file.unlink(missing_ok=True)
        began = time.monotonic()
        outcome, _ = run(program, [name], {"GUARD_REACHED": str(file)}, 120)
        took = time.monotonic() - began
        if outcome != "passed":
            print(f"left out, for without a mutant it is {outcome}: {program[0]} {name}", file=sys.stderr)
            return program, name, set(), took
        reached = {int(line) for line in file.read_text().split()} if file.exists() else set()
        return program, name, reached, took

    tasks = list(enumerate((program, name) for program in programs for name in tests_of(program, skip)))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, tasks))


def try_mutant(number, reaching, longest):
    """What became of a mutant, and the first test that fails."""
    if not reaching:
        return "unreached", ""
    # The quick ones first, and several in one run: most of a quick test is its start.
    batches = []
    quick = [one for one in reaching if one[2] <= longest]
    for program, name, took in sorted(quick, key=lambda one: one[2]):
        for batch in batches:
            if batch[0] == program and len(batch[1]) < 16 and batch[2] + took < 1:
                batch[1].append(name)
                batch[2] += took
                break
        else:
            batches.append([program, [name], took])
    # The crate's own tests are small programs, which start sooner.
    for program, names, took in sorted(batches, key=lambda one: (pathlib.Path(one[0][1]).stat().st_size, one[2])):
        outcome, test = run(program, names, {"GUARD_MUTANT": str(number)}, 10 + 5 * took)
        if outcome != "passed":
            return outcome, test
    return "missed", ""


def build_all(arguments, root, target, mutants, left_out):
    """Weaves until all that is woven compiles, and builds it. Gives the test programs and the mutants in them."""
    unviable = set()
    tests = [part for name in arguments.tests or [arguments.package] for part in ("-p", name)]
    while True:
        woven = weave(root, target, arguments.package_root, mutants, left_out | unviable)
        began = time.monotonic()
        # To check one crate takes a fraction of building it with all that stands on it.
        _, errors = cargo(target, "check", "-p", arguments.package)
        print(f"{len(woven)} woven, checked in {time.monotonic() - began:.0f} s", file=sys.stderr)
        if errors is None:
            programs, errors = cargo(target, "test", "--no-run", *tests)
            print(f"built in {time.monotonic() - began:.0f} s", file=sys.stderr)
        if errors is None:
            return programs, woven
        bad = culprits(errors, target)
        if not bad - unviable:
            sys.exit("\n".join(error["rendered"] for error in errors[:5]))
        unviable |= bad
        print(f"{len(bad)} do not compile as a branch", file=sys.stderr)


def folder_of(mutant, package_root):
    return str(pathlib.PurePath(mutant["file"]).relative_to(f"{package_root}/src").parts[0])


def report(results, mutants, left_out, package_root):
    columns = ["caught", "timeout", "missed", "unreached", "unwoven", "untried"]
    folders = {}
    for number, mutant in enumerate(mutants):
        if number not in left_out:
            counts = folders.setdefault(folder_of(mutant, package_root), dict.fromkeys(columns, 0))
            counts[results[number][0]] += 1
    print(f"| folder | mutants | {' | '.join(columns)} |")
    for folder, counts in [*sorted(folders.items()), ("all", {one: sum(of[one] for of in folders.values()) for one in columns})]:
        print(f"| {folder} | {sum(counts.values())} | {' | '.join(str(counts[column]) for column in columns)} |")
    for number, mutant in enumerate(mutants):
        if number not in left_out and results[number][0] in ("missed", "unreached"):
            print(f"{results[number][0]}: {mutant['name']}")


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--root", type=pathlib.Path, default=pathlib.Path.cwd(), help="the project")
    parse.add_argument("--scratch", type=pathlib.Path, required=True, help="where a copy of it is built")
    parse.add_argument("--package", default="guard-core", help="whose mutants")
    parse.add_argument("--package-root", default="shared/core", help="where that package is")
    parse.add_argument("--tests", action="append", default=[], help="packages whose tests are run (the package's own)")
    parse.add_argument("--skip", action="append", default=[], help="tests with this in their name are not run")
    parse.add_argument("--only", default="", help="mutants of files that begin so")
    parse.add_argument("--jobs", type=int, default=os.cpu_count())
    parse.add_argument("--longest", type=float, default=float("inf"), help="tests that take more seconds are not run")
    parse.add_argument("--again", action="store_true", help="run what was built last")
    parse.add_argument("--retry", choices=("missed",), help="with --again: these are no result")
    parse.add_argument("--left-by", type=pathlib.Path, help="only what this results.json of other tests calls missed or unreached")
    arguments = parse.parse_args()
    root, scratch = arguments.root.resolve(), arguments.scratch.resolve()
    target, built = scratch / "tree", scratch / "built.json"
    if arguments.again:
        programs, woven, mutants = json.loads(built.read_text())
        woven = set(woven)
    else:
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run(["sh", "-c", f"git ls-files -z | xargs -0 cp --parents -pt '{target}'"], cwd=root, check=True)
        mutants = mutants_of(root, arguments.package)
    left_out = {number for number, mutant in enumerate(mutants) if not mutant["file"].startswith(arguments.only)}
    if arguments.left_by:
        found = {one["name"]: one["outcome"][0] for one in json.loads(arguments.left_by.read_text())}
        left_out |= {n for n, mutant in enumerate(mutants) if found.get(mutant["name"]) not in ("missed", "unreached")}
    if len(left_out) == len(mutants):
        sys.exit("there are no such mutants" if not arguments.left_by else 0)
    if not arguments.again:
        programs, woven = build_all(arguments, root, target, mutants, left_out)
        programs = [(name, str(run), str(at)) for name, run, at in programs]
        built.write_text(json.dumps([programs, sorted(woven), mutants]))
    woven -= left_out

    known = scratch / "reached.json"
    if arguments.again and known.exists():
        reached = [(program, name, set(found), took) for program, name, found, took in json.loads(known.read_text())]
    else:
        reached = reach(programs, arguments.skip, scratch, arguments.jobs)
        known.write_text(json.dumps([(program, name, sorted(found), took) for program, name, found, took in reached]))
    print(f"{len(reached)} tests", file=sys.stderr)
    results = {number: ("untried" if number in woven else "unwoven", "") for number in range(len(mutants))}
    # What an earlier run of the same build found stands; only what ran out of time is tried again.
    file = scratch / "results.json"
    if arguments.again and file.exists():
        for number, one in enumerate(json.loads(file.read_text())):
            if one["outcome"][0] in ("caught", "missed", "unreached") and one["outcome"][0] != arguments.retry:
                results[number] = tuple(one["outcome"])
    woven = {number for number in woven if results[number][0] == "untried"}
    done = 0

    def one(number):
        nonlocal done
        results[number] = try_mutant(number, [(program, name, took) for program, name, found, took in reached if number in found], arguments.longest)
        done += 1
        if done % 10 == 0:
            print(f"{done} of {len(woven)}", file=sys.stderr)
            keep()

    def keep():
        every = [{"name": mutant["name"], "outcome": results[number]} for number, mutant in enumerate(mutants)]
        file.write_text(json.dumps(every, indent=1))

    def rank(number):
        folder = folder_of(mutants[number], arguments.package_root)
        return FIRST.index(folder) if folder in FIRST else len(FIRST)

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(one, sorted(woven, key=rank)))
    keep()
    report(results, mutants, left_out, arguments.package_root)


if __name__ == "__main__":
    main()
