//! Sessions with the coach, as a student has them: each in a separate folder, so that no student's
//! work is touched.

use crate::common;

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use common::{
    COMPILER, Program, command, copy_files, exercises, peer, skipped, wine_lacks, within,
};

const COACH: &str = env!("CARGO_BIN_EXE_net-notes");
const MINE: &str = "tests/exercises/03_server.rs";

/// A student's folder, with every exercise unsolved. Removed when dropped.
struct Student {
    folder: PathBuf,
}

impl Student {
    fn new(name: &str) -> Student {
        let folder = format!("net-notes-coach-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let _ = fs::remove_dir_all(&folder);
        copy_files("tests/exercises/", &folder);
        copy_files("lessons/", &folder);
        Student { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("writable");
    }

    fn solve(&self) {
        fs::copy(self.path("tests/exercises/03_server/solution.rs"), self.path(MINE))
            .expect("writable");
    }

    /// Returns a command that runs the coach in this folder, in English and without colour.
    fn command(&self) -> Command {
        self.start(COACH)
    }

    /// Returns a command that runs a program in this folder.
    fn start(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = command(program);
        command.current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        command
    }

    /// Runs the coach. Returns its standard output followed by its standard error, and its exit
    /// status.
    fn coach(&self, args: &[&str]) -> (String, i32) {
        self.coach_told(args, "")
    }

    fn coach_told(&self, args: &[&str], typed: &str) -> (String, i32) {
        let mut command = assert_cmd::Command::from_std(self.command());
        command.args(args).write_stdin(typed).timeout(common::DEADLINE);
        let output = command.output().expect("the coach runs");
        let text = [output.stdout, output.stderr].concat();
        (String::from_utf8(text).expect("UTF-8"), output.status.code().expect("not killed"))
    }
}

impl Drop for Student {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
fn a_fresh_start_shows_the_path_and_what_is_next() {
    let student = Student::new("fresh");
    let (text, code) = student.coach(&[]);
    assert_eq!(code, 0);
    says(
        &text,
        &["  → 01  ", "  · 03  a greeting server", "cargo run -- check 01", "tests/exercises/01_"],
    );
    assert!(!text.contains('\x1b') && !text.contains('✓'), "{text}");
    assert!(!student.path(".progress").exists(), "to look is no progress");
    let (chinese, _) = student.coach(&["--lang", "zh"]);
    says(&chinese, &["会打招呼的服务器", "下一个：01", "lessons/zh/01_"]);
    let mut by_system = student.command();
    by_system.env("LANG", "zh_CN.UTF-8");
    let output = by_system.output().expect("the coach runs");
    let output = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(output, chinese.replace(" --lang zh", ""));
}

#[test]
fn a_language_is_chosen_once() {
    let student = Student::new("language");
    let lang = |args: &[&str], system: &str| {
        let output = student.command().args(args).env("LANG", system).output();
        String::from_utf8(output.expect("the coach runs").stdout).expect("UTF-8")
    };
    says(&lang(&["lang"], "en_US.UTF-8"), &["English (as your system is set)", "-- lang zh"]);
    says(&lang(&["lang"], "zh_CN.UTF-8"), &["中文（跟随系统设置）", "-- lang en"]);
    student.write(".progress", "03 done\n");
    says(&lang(&["lang", "zh"], "en_US.UTF-8"), &["从现在起说中文"]);
    assert_eq!(student.read(".progress"), "03 done\nlang zh\n");
    says(&lang(&["lang"], "en_US.UTF-8"), &["中文（这是你选的）"]);
    for (args, chinese) in [
        (&["list"][..], true),
        (&["hint", "04"], true),
        (&["--lang", "en", "list"], false),
        (&["list", "--lang=en"], false),
        (&["--lang=zh", "list"], true),
    ] {
        for system in ["C", "en_US.UTF-8", "zh_CN.UTF-8"] {
            let text = lang(args, system);
            let is_chinese = text.contains(['下', '提']);
            assert_eq!(is_chinese, chinese, "{args:?}, {system}: {text}");
        }
    }
    assert_eq!(student.coach(&["reset", "03", "--yes"]).1, 0);
    student.write(MINE, "fn main() {}\n");
    assert_eq!(student.coach(&["reset", "03", "--yes"]).1, 0);
    assert_eq!(student.read(".progress"), "04 hints 3\nlang zh\n", "it outlives all progress");
    assert!(lang(&["lang", "en"], "zh_CN.UTF-8").starts_with("English from now on"));
    assert_eq!(student.read(".progress"), "04 hints 3\nlang en\n");
    for bad in [&["lang", "fr"][..], &["--lang=", "list"], &["list", "--lang"]] {
        assert_eq!(student.coach(bad).1, 2, "{bad:?}");
    }
}

/// A language that was requested is also requested in the next command: the one that is shown can
/// be copied.
#[test]
fn commands_that_are_shown_keep_the_language() {
    let student = Student::new("keeps");
    let mut shown = 0;
    for args in [
        "",
        "list",
        "check 03",
        "check 77",
        "hint 03",
        "hint 03 3",
        "hint 03 4",
        "solution 03",
        "solution 03 --anyway",
        "reset 03",
    ] {
        let mut args: Vec<&str> = args.split_whitespace().collect();
        let in_english = student.coach(&args).0;
        args.push("--lang=zh");
        let text = student.coach(&args).0;
        let commands = |text: &str, command: &str| text.matches(command).count();
        let (all, kept) = (commands(&text, "cargo run -- "), commands(&text, "run -- --lang zh "));
        assert_eq!(all, kept, "{args:?}: {text}");
        assert!(!in_english.contains("--lang"), "{in_english}");
        shown += kept;
    }
    assert!(shown > 12, "{shown}");
}

#[test]
#[ignore = "judges every solution once more, one after another"]
fn all_solutions_together_pass() {
    let student = Student::new("solutions");
    for solution in common::files("tests/exercises/", "/solution.rs") {
        let own = student.path(&solution.replace("/solution.rs", ".rs"));
        fs::copy(student.path(&solution), own).expect("writable");
    }
    let mut coach = assert_cmd::Command::from_std(student.command());
    let output = coach.args(["check", "--all", "--json"]).timeout(common::DEADLINE * 10).output();
    let output = output.expect("the coach runs");
    let json = String::from_utf8(output.stdout).expect("UTF-8");
    println!("{json}");
    assert!(output.status.success(), "{json}");
}

#[test]
#[ignore = "judges all exercises"]
fn all_exercises_are_judged_for_a_teacher() {
    if wine_lacks(COMPILER) {
        return;
    }
    let student = Student::new("all");
    student.solve();
    student.write("tests/exercises/02_require.rs", "fn main() { oops }\n");
    // And 17, whose time limits would take this test 20 seconds twice.
    for gone in ["04_client", "17_silence"] {
        fs::remove_file(student.path(&format!("tests/exercises/{gone}.rs"))).expect("it was there");
    }
    let mut coach = student.command();
    // As on a terminal, and with the variables that request colours.
    coach.args(["check", "--all", "--json"]).env("CLICOLOR_FORCE", "1").env("LANG", "zh_CN");
    let output = coach.output().expect("the coach runs");
    assert_eq!(output.status.code(), Some(1));
    let json = String::from_utf8(output.stdout).expect("UTF-8");
    let begins = |name: &str, rest: &str| {
        let begin = format!(r#"{{"name": "{name}", {rest}, "seconds": "#);
        let line = json.lines().find(|line| line.starts_with(&begin));
        let line = line.unwrap_or_else(|| panic!("no {begin} in {json}"));
        let seconds: f64 = line[begin.len()..].trim_end_matches('}').parse().expect("a number");
        assert!((0.0..60.0).contains(&seconds), "{line}");
    };
    begins("01_concept", r#""passed": false, "rule": "reports""#);
    begins("02_require", r#""passed": false, "rule": "compiles""#);
    begins("03_server", r#""passed": true, "rule": null"#);
    begins("04_client", r#""passed": false, "rule": "can-be-checked""#);
    assert_eq!(json.lines().count(), exercises("en").len());
    assert!(!student.path(".progress").exists(), "progress is the student's");
    if let Some(node) = peer("node") {
        let script = "for (const line of require('fs').readFileSync(0, 'utf8').trim().split('\\n')) \
                      console.log(JSON.parse(line).name)";
        let mut node = assert_cmd::Command::from_std(command(node));
        let names = node.args(["-e", script]).write_stdin(json).output().expect("node runs");
        let names = String::from_utf8(names.stdout).expect("UTF-8");
        assert!(
            names.lines().eq(exercises("en").iter().map(|exercise| &*exercise.name)),
            "{names}"
        );
    }

    let (text, code) = student.coach(&["check", "--all", "--lang=zh"]);
    assert_eq!(code, 1);
    says(
        &text,
        &["✗ 02  ", "还没有编译通过。", "✓ 03  ", "通过 1 个", "run -- --lang zh check 03"],
    );
    assert!(!student.path(".progress").exists());
}

#[test]
fn wrong_and_then_right() {
    if wine_lacks(COMPILER) {
        return;
    }
    let student = Student::new("right");
    let (text, code) = student.coach(&["check", "03"]);
    assert_eq!(code, 1);
    says(
        &text,
        &[
            "✗ 03 · a greeting server",
            "✗ half-a-line  · ",
            "rule      Half a line is no line",
            "read again  lessons/03_server.md, “",
            "then        edit tests/exercises/03_server.rs, and: cargo run -- check 03",
            "stuck?      cargo run -- hint 03",
        ],
    );
    let readme = fs::read_to_string(common::root().join("README.md")).expect("a README");
    let sample = readme.split("```").find(|block| block.contains("✗ 03 · ")).expect("a sample");
    let transcript = |line: &&str| line.starts_with("    ") || line.contains("actual ");
    for line in sample.lines().skip(1).filter(|line| !transcript(line)) {
        assert!(text.lines().any(|one| one == line), "not as in README.md, {line:?}: {text}");
    }
    let half = text.split_once("half  → \"").and_then(|(_, rest)| rest.split_once('"'));
    let half = half.unwrap_or_else(|| panic!("nothing was sent: {text}")).0;
    says(&text, &[&format!("actual    \"Welcome, {half}!\\n\"")]);
    assert!(!student.path(".progress").exists());
    let last: Vec<&str> = text.lines().rev().take(12).collect();
    assert!(last.iter().any(|line| line.starts_with("  rule ")), "the answer is above: {text}");
    let (text, code) = student.coach(&["--lang", "zh", "check", "3"]);
    assert_eq!(code, 1);
    says(&text, &["规则      半行不算一行", "再读一遍    lessons/zh/03_server.md 的“想一想”"]);

    student.solve();
    let (text, code) = student.coach(&["check", "03_server"]);
    assert_eq!(code, 0, "{text}");
    says(&text, &["✓ 03 · ", "every rule is kept", "✓ half-a-line", "solution 03", "Next: 01"]);
    assert_eq!(student.read(".progress"), "03 done\n");
    let (text, _) = student.coach(&["list"]);
    says(&text, &["  ✓ 03  a greeting server"]);
}

#[test]
fn progress_that_is_not_understood_is_kept() {
    if wine_lacks(COMPILER) {
        return;
    }
    let student = Student::new("progress");
    student.write(".progress", "99 done\nnotes of mine\n03 hints 2\n");
    student.solve();
    assert_eq!(student.coach(&["check", "03"]).1, 0);
    assert_eq!(student.read(".progress"), "03 done\n03 hints 2\n99 done\nnotes of mine\n");
}

#[test]
fn hints_come_one_by_one_and_the_solution_last() {
    let student = Student::new("hints");
    let (text, code) = student.coach(&["solution", "03"]);
    assert_eq!(code, 1);
    says(
        &text,
        &["cargo run -- check 03", "cargo run -- hint 03", "cargo run -- solution 03 --anyway"],
    );
    assert!(!text.contains("fn main"), "{text}");
    for n in ["1", "2", "3", "3"] {
        let (text, code) = student.coach(&["hint", "03"]);
        assert_eq!(code, 0);
        says(&text, &[&format!("03 · hint {n} of 3"), "cargo run -- check 03"]);
    }
    says(&student.coach(&["hint", "03"]).0, &["cargo run -- solution 03 --anyway"]);
    says(&student.coach(&["hint", "03", "1"]).0, &["hint 1 of 3"]);
    assert_eq!(student.read(".progress"), "03 hints 3\n", "an old hint read again takes none back");
    let (text, code) = student.coach(&["hint", "03", "4"]);
    assert_eq!(code, 1);
    says(&text, &["there are 3 hints: cargo run -- hint 03 1"]);
    let solution = student.read("tests/exercises/03_server/solution.rs");
    says(&student.coach(&["solution", "03", "--anyway"]).0, &[solution.trim()]);
    student.write(".progress", "03 done\n");
    says(&student.coach(&["solution", "03"]).0, &[solution.trim()]);
}

/// Nothing is wider than the terminal: neither the messages of a check nor a hint.
#[test]
fn a_narrow_terminal_is_not_overrun() {
    let student = Student::new("narrow");
    for args in [&["check", "03"][..], &["hint", "03"], &["--lang", "zh", "hint", "03", "1"]] {
        let output = student.command().args(args).env("COLUMNS", "50").output().expect("it runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        // A command to be copied is not wrapped.
        let lines = text.lines().filter(|line| !line.contains("cargo run") && !line.contains('·'));
        let wide =
            |line: &str| -> usize { line.chars().map(|c| 1 + usize::from(c > '\u{2e80}')).sum() };
        let lines: Vec<&str> = lines.filter(|line| wide(line) > 50).collect();
        assert!(lines.is_empty(), "{args:?}: {lines:?} in\n{text}");
    }
}

#[test]
fn reset_asks_and_keeps_a_copy() {
    let student = Student::new("reset");
    let stub = student.read(MINE);
    let (text, code) = student.coach(&["reset", "03"]);
    assert_eq!(code, 0);
    says(&text, &["is as it was at the beginning", "cargo run -- check 03"]);

    student.write(MINE, "fn main() {} // mine\n");
    student.write(".progress", "03 done\n03 hints 2\n04 done\n");
    for no in ["n\n", "\n", "", "what?\n"] {
        let (text, code) = student.coach_told(&["reset", "03"], no);
        assert_eq!(code, 1);
        says(&text, &["will be kept as 03_server.rs.bak. [y/N]", "Nothing was changed."]);
    }
    assert_eq!(student.read(MINE), "fn main() {} // mine\n");
    let (text, code) = student.coach_told(&["reset", "03"], "y\n");
    assert_eq!(code, 0);
    says(&text, &["Yours is kept as 03_server.rs.bak.", "Next: cargo run -- check 03"]);
    assert_eq!(student.read(MINE), stub);
    assert_eq!(student.read("tests/exercises/03_server.rs.bak"), "fn main() {} // mine\n");
    assert_eq!(student.read(".progress"), "04 done\n");

    student.write(MINE, "fn main() {} // mine, too\n");
    says(&student.coach(&["reset", "03", "--yes"]).0, &["kept as 03_server.rs.bak2"]);
    assert_eq!(student.read("tests/exercises/03_server.rs.bak"), "fn main() {} // mine\n");
    fs::remove_file(student.path(MINE)).expect("it was there");
    let (text, code) = student.coach(&["check", "03"]);
    assert_eq!(code, 1);
    says(&text, &["03_server.rs", "cargo run -- reset 03"]);
    assert_eq!(student.coach(&["reset", "03"]).1, 0, "there is nothing to ask about");
    assert_eq!(student.read(MINE), stub);
}

#[test]
fn a_compile_error_is_shown_whole_and_stops_nothing_else() {
    if wine_lacks(COMPILER) {
        return;
    }
    let student = Student::new("compile");
    student.write(MINE, "fn main() { let x: u16 = \"no number\"; }\n");
    let (text, code) = student.coach(&["check", "03"]);
    assert_eq!(code, 1);
    says(
        &text,
        &[
            "it does not compile yet",
            "error[E0308]: mismatched types",
            "--> tests/exercises/03_server.rs:1:26",
            "expected `u16`, found `&str`",
            "For more information about this error",
            "cargo run -- check 03",
            "stuck?      cargo run -- hint 03",
        ],
    );
    assert!(!text.contains("Arc<Mutex"), "this is about something else: {text}");
    student.write(
        MINE,
        "use net_notes::{create_server, event};\n\
         fn main() {\n\
         \x20   let mut line = String::new();\n\
         \x20   let _ = create_server(|socket| drop(socket.on(event::Text, |_, text| line.push_str(text))));\n\
         }\n",
    );
    for command in ["check", "run"] {
        let (text, _) = student.coach(&[command, "03"]);
        says(&text, &["error[E0596]", "has to own what it uses", "Arc<Mutex<…>>"]);
    }
    let (text, _) = student.coach(&["--lang", "zh", "check", "03"]);
    says(&text, &["error[E0596]", "写上 `move`"]);
    let stub = student.read("tests/exercises/03_server/stub.rs");
    student.write(MINE, &stub.replace("event::Text", "\"data\""));
    let (text, _) = student.coach(&["check", "03"]);
    says(&text, &["compile yet:\n\nerror[E0277]: `&str` is not an event of a socket\n"]);
    assert!(!text.contains("unused import"), "as if `net::event` were not needed: {text}");
    let (text, _) = student.coach(&["check", "01"]);
    says(&text, &["✗ 01", "rule      "]); // judged, and not stopped by 03
}

#[test]
fn a_program_that_hangs_is_said_to() {
    if wine_lacks(COMPILER) {
        return;
    }
    within("hangs", || {
        let student = Student::new("hangs");
        student.write(MINE, "fn main() { loop { std::thread::park() } }\n");
        let (text, code) = student.coach(&["check", "03"]);
        assert_eq!(code, 1);
        says(
            &text,
            &[
                "rule      The program listens on the port",
                "actual    nothing in 5s",
                "… waits for your program, 5 s at most: says-port",
            ],
        );
    });
}

#[test]
fn a_busy_port_is_the_programs_own_last_word() {
    if wine_lacks(COMPILER) {
        return;
    }
    let student = Student::new("busy");
    let busy = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = busy.local_addr().expect("bound").port();
    // It listens where it chooses, and not at the port that it was given.
    let program = student.read(MINE).replace("listen(port,", &format!("listen({port},"));
    assert!(program.contains(&port.to_string()), "the stub listens in another way: {program}");
    student.write(MINE, &program);
    let (text, code) = student.coach(&["check", "03"]);
    assert_eq!(code, 1);
    says(&text, &["the program ends with exit status 1", "  stderr\n", "address already in use"]);
}

#[test]
fn what_is_not_understood_is_said_with_a_way_out() {
    let student = Student::new("args");
    for (args, parts) in [
        (&["chek", "03"][..], &["not understood: chek 03", "cargo run -- check"][..]),
        (&["check", "77"], &["there is no exercise \"77\"", "01", "03"]),
        (&["--lang", "fr"], &["--lang en | --lang zh"]),
        (&["reset"], &["not understood: reset"]),
    ] {
        let (text, code) = student.coach(args);
        assert_eq!(code, 2, "{args:?}");
        says(&text, parts);
    }
    let (text, code) = student.coach(&["help"]);
    assert_eq!(code, 0);
    says(&text, &["cargo run -- hint 03", "--lang zh"]);
    fs::create_dir(student.path(".progress")).expect("a free name");
    let (text, code) = student.coach(&[]);
    assert_eq!(code, 1);
    says(&text, &[".progress cannot be read", "Remove it"]);
}

/// The system's message about an error, in the Chinese output: after a sentence in Chinese.
#[track_caller]
fn says_system_errors_in_chinese(text: &str) {
    let errors: Vec<usize> = text.match_indices("(os error ").map(|(at, _)| at).collect();
    assert!(!errors.is_empty(), "no error of the system in:\n{text}");
    for at in errors {
        let (before, _) = text[..at].rsplit_once('（').unwrap_or_default();
        let chinese =
            before.chars().next_back().is_some_and(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        assert!(chinese, "no Chinese sentence in front of {:?} in:\n{text}", &text[at..]);
    }
}

#[test]
fn what_is_broken_is_said_with_a_way_out() {
    let student = Student::new("broken");
    student.write(".progress", "03 hints 18446744073709551615\r\n03 done\r\n04 done");
    says(&student.coach(&["hint", "03"]).0, &["hint 3 of 3"]);
    says(&student.coach(&[]).0, &["✓ 03", "✓ 04"]);
    fs::write(student.path(".progress"), b"\xff\n").expect("writable");
    says(&student.coach(&[]).0, &[".progress cannot be read", "Remove it"]);
    says(&student.coach(&["--lang", "zh"]).0, &["读不了 .progress：内容不是 UTF-8 文本（"]);

    let ours = "tests/exercises/03_server";
    student.write(&format!("{ours}/hints.md"), "# nothing below\n");
    for file in ["hints.zh.md", "stub.rs", "solution.rs"] {
        fs::remove_file(student.path(&format!("{ours}/{file}"))).expect("it was there");
    }
    fs::remove_file(student.path(".progress")).expect("it was there");
    for (args, file) in [
        (&["hint", "03"][..], "hints.md"),
        (&["reset", "03"], "stub.rs"),
        (&["solution", "03", "--anyway"], "solution.rs"),
    ] {
        let (text, code) = student.coach(args);
        assert_eq!(code, 1, "{args:?}");
        says(&text, &[&format!("To get it back: git checkout -- {ours}/{file}")]);
        says_system_errors_in_chinese(&student.coach(&[&["--lang", "zh"], args].concat()).0);
    }

    fs::remove_file(student.path(MINE)).expect("it was there");
    says(&student.coach(&["run", "03"]).0, &["to get the file back: cargo run -- reset 03"]);
    fs::create_dir(student.path(MINE)).expect("a free name");
    for command in ["check", "run"] {
        let (text, code) = student.coach(&[command, "03"]);
        assert_eq!(code, 1);
        says(&text, &["tests/exercises/03_server.rs: ", "(os error ", "cargo run -- check 03"]);
        says_system_errors_in_chinese(&student.coach(&["--lang", "zh", command, "03"]).0);
    }
    let (text, code) = student.coach(&["reset", "03", "--yes"]);
    assert_eq!(code, 1);
    says(&text, &["(os error ", "Move it out of the way, and: cargo run -- reset 03"]);
    says_system_errors_in_chinese(&student.coach(&["--lang", "zh", "reset", "03", "--yes"]).0);
    let no_tool = |lang: &str| {
        let mut coach = student.command();
        coach.env("CARGO", student.path("nowhere")).args(["--lang", lang, "check", "01"]);
        String::from_utf8(coach.output().expect("the coach runs").stdout).expect("UTF-8")
    };
    says(&no_tool("en"), &["cargo, which comes with Rust", "(os error "]);
    says_system_errors_in_chinese(&no_tool("zh"));
}

/// Set as lessons/README.md describes it for PowerShell users.
#[test]
fn a_trace_for_the_session_is_not_among_the_programs_errors() {
    let student = Student::new("trace");
    let check = |trace: &str| {
        let output = student.command().args(["check", "03"]).env("NET_TRACE", trace).output();
        String::from_utf8(output.expect("the coach runs").stdout).expect("UTF-8")
    };
    let text = check("1");
    says(&text, &["✗ 03"]);
    assert!(!text.contains("stderr"), "{text}");
}

#[test]
fn a_missing_tool_is_not_the_students_mistake() {
    let student = Student::new("tools");
    for (name, value) in [("PATH", "/nowhere"), ("RUSTC", "/nowhere/rustc")] {
        let mut coach = student.command();
        coach.args(["check", "03"]).env(name, value).env_remove("CARGO");
        let output = coach.output().expect("the coach runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(output.status.code(), Some(1));
        says(&text, &["it could not be checked: cargo", "cargo run -- check 03"]);
    }
}

#[test]
fn the_list_is_json() {
    let Some(node) = peer("node") else { return };
    let student = Student::new("json");
    student.write(".progress", "03 done\n");
    let (json, code) = student.coach(&["list", "--json"]);
    assert_eq!(code, 0);
    let script = "const list = JSON.parse(require('fs').readFileSync(0)); \
                  const one = list.find((one) => one.id === '03'); \
                  console.log(one.name, one.state, one.file, one.lesson, list[0].state, list[1].state)";
    let output = assert_cmd::Command::from_std(command(node))
        .args(["-e", script])
        .write_stdin(json)
        .output()
        .expect("node runs");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "03_server done tests/exercises/03_server.rs lessons/03_server.md next open\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn run_starts_the_students_program() {
    if wine_lacks(COMPILER) {
        return;
    }
    within("run", || {
        let student = Student::new("run");
        let mut coach = student.command();
        let mut running = Program::spawn(coach.args(["run", "03", "0"]));
        let port = running.port();
        let mut client = std::net::TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        let mut greeting = [0; 21];
        std::io::Read::read_exact(&mut client, &mut greeting).expect("it greets");
        assert_eq!(&greeting, b"Hello! Who is there?\n");
        drop(running);
        student.write(MINE, "fn main() { std::process::exit(7) }\n");
        assert_eq!(student.coach(&["run", "03"]).1, 7);
        let program = "fn main() { println!(\"{:?}\", std::env::args().collect::<Vec<_>>()) }\n";
        student.write(MINE, program);
        let (text, _) = student.coach(&["--lang", "zh", "run", "03", "--lang", "of mine"]);
        says(&text, &["\"--lang\", \"of mine\"]"]);
        student.write(MINE, "fn main() { oops }\n");
        says(&student.coach(&["run", "03"]).0, &["error[E0425]", "cargo run -- check 03"]);
    });
}

#[test]
fn watch_checks_whenever_the_file_is_saved() {
    if wine_lacks(COMPILER) {
        return;
    }
    within("watch", || {
        let student = Student::new("watch");
        let mut coach = student.command();
        let mut watching = Program::spawn(coach.args(["watch", "03"]));
        watching.line_with("✗ 03");
        watching.line_with("q and Enter ends it");
        student.solve();
        watching.line_with("✓ 03");
        watching.line_with("q and Enter ends it");
        student.write(MINE, "fn main() {}\n");
        watching.line_with("✗ 03");
        watching.type_in("q\n");
        let (status, _, _) = watching.wait();
        assert!(status.success());
        assert_eq!(student.read(".progress"), "03 done\n");
    });
}

/// `git checkout` writes many files at once, and some editors remove a file for a moment.
#[test]
fn watch_misses_none_of_several_files() {
    if wine_lacks(COMPILER) {
        return;
    }
    within("watch several", || {
        let student = Student::new("several");
        let mut coach = student.command();
        let mut watching = Program::spawn(coach.args(["watch", "03"]));
        watching.line_with("✗ 03");
        watching.line_with("q and Enter ends it");
        fs::remove_file(student.path(MINE)).expect("it was there");
        for name in ["01_concept", "02_require"] {
            student.write(&format!("tests/exercises/{name}.rs"), "fn main() {}\n");
        }
        watching.line_with("✗ 01");
        watching.line_with("✗ 02");
        watching.line_with("q and Enter ends it");
        student.solve();
        let text = watching.line_with(" 03 · ");
        assert!(text.starts_with("✓"), "{text}");
        watching.type_in("q\n");
        watching.wait();
    });
}

/// `cargo run -- watch | head`
#[test]
fn watch_ends_when_nobody_reads_it() {
    within("watch, unread", || {
        let student = Student::new("unread");
        let mut coach = student.command();
        coach.args(["watch", "03"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut watching = coach.spawn().expect("the coach runs");
        let typed = watching.stdin.take(); // otherwise, its end would end the watching
        drop(watching.stdout.take());
        assert!(watching.wait().expect("it was started").success());
        drop(typed);
    });
}

/// No file can be written: what cannot be saved is reported, the check counts all the same, and
/// reset changes nothing.
#[test]
#[cfg(unix)]
fn a_read_only_folder_loses_nothing() {
    let student = Student::new("readonly");
    student.solve();
    // Built, so that no file must be written for that.
    assert_eq!(student.coach(&["check", "03"]).1, 0);
    fs::remove_file(student.path(".progress")).expect("it was there");
    let Some(sealed) = sealed(&student) else { return };
    let coach = |args: &str| {
        let output = sealed(&format!("{COACH} {args}")).output().expect("a shell runs");
        let text = [output.stdout, output.stderr].concat();
        (String::from_utf8(text).expect("UTF-8"), output.status.code().expect("not killed"))
    };
    let (text, code) = coach("check 03");
    assert_eq!(code, 0, "{text}");
    says(&text, &["✓ 03", ".progress could not be written", "this will not be remembered"]);
    let (text, code) = coach("reset 03 --yes");
    assert_eq!(code, 1);
    says(&text, &["no copy could be kept, so nothing was changed", "03_server.rs.bak"]);
    let (text, code) = coach("hint 03");
    assert_eq!(code, 0);
    says(&text, &["hint 1 of 3", "could not be written"]);
    assert_eq!(student.read(MINE), student.read("tests/exercises/03_server/solution.rs"));
}

/// Returns a command that runs a shell command where the student's folder cannot be written. Root
/// may write everywhere, and needs a read-only mount for that.
#[cfg(unix)]
fn sealed(student: &Student) -> Option<impl Fn(&str) -> Command> {
    let root = command("id").arg("-u").output().expect("id runs").stdout == b"0\n";
    let folder = student.folder.display().to_string();
    let (prelude, shell): (String, &[&str]) = if root {
        let works = command("unshare").args(["-m", "true"]).status();
        if !works.is_ok_and(|status| status.success()) {
            skipped("root, and no unshare(1) for a read-only mount");
            return None;
        }
        let mount =
            format!("mount --bind '{folder}' '{folder}' && mount -o remount,ro,bind '{folder}'");
        (mount, &["unshare", "-m", "sh", "-c"])
    } else {
        (format!("trap \"chmod -R u+w '{folder}'\" EXIT; chmod -R a-w '{folder}'"), &["sh", "-c"])
    };
    Some(move |line: &str| {
        let mut sealed = student.start(shell[0]);
        sealed.args(&shell[1..]).arg(format!("{prelude}; cd '{folder}'; {line}"));
        sealed
    })
}

/// On a terminal the output is in colour, unless `NO_COLOR` is set, and the question of `reset` is
/// answered there.
#[test]
fn in_a_terminal_it_is_in_colour() {
    if !cfg!(target_os = "linux") {
        return skipped("script(1) is not there, or has other options");
    }
    let Some(script) = peer("script") else { return };
    let student = Student::new("terminal");
    let session = |command: &str, no_color: &str| {
        let mut terminal = student.start(&script);
        terminal
            .args(["-qec", &format!("{COACH} {command}"), "/dev/null"])
            .env("NO_COLOR", no_color);
        let output = assert_cmd::Command::from_std(terminal)
            .timeout(common::DEADLINE)
            .output()
            .expect("script runs");
        (String::from_utf8(output.stdout).expect("UTF-8"), output.status.code())
    };
    let (text, code) = session("check 03", "");
    assert_eq!(code, Some(1));
    says(&text, &["\x1b[31m✗\x1b[0m 03"]);
    let (text, _) = session("check 03", "1");
    assert!(!text.contains('\x1b'), "{text}");
    student.solve();
    says(&session("check 03", "").0, &["\x1b[32m✓\x1b[0m 03"]);
    student.write(MINE, "fn main() { oops }\n");
    let (text, _) = session("check 03", "");
    // The colours and the number of their codes depend on the compiler's version.
    let before = text.split_once("error[E0425]").expect("the compiler's message").0;
    assert!(before.rsplit_once("\x1b[").is_some_and(|(_, code)| code.ends_with('m')), "{text}");

    within("reset in a terminal", move || {
        let mut terminal = student.start(&script);
        terminal.args(["-qec", &format!("{COACH} reset 03; echo status $?"), "/dev/null"]);
        let mut program = Program::spawn(&mut terminal);
        program.type_in("y\n");
        program.line_with("Yours is kept as 03_server.rs.bak");
        program.line_with("status 0");
        assert_eq!(student.read(MINE), student.read("tests/exercises/03_server/stub.rs"));
    });
}
