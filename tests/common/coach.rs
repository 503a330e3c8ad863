//! The coach and its judges, run as a student runs them: through the program.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::json::string;
use super::{command, package, root};

/// Returns a command that runs the coach with these arguments in this repository.
pub fn coach<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut coach = command(env!("CARGO_BIN_EXE_net-notes"));
    coach.current_dir(root()).env("CARGO_MANIFEST_DIR", root()).args(args);
    coach
}

/// An exercise as `list --json` reports it.
#[derive(Debug)]
pub struct Exercise {
    /// The lesson's name, with its number in front.
    pub name: String,
    /// The name and the sentence of each rule.
    pub rules: Vec<(String, String)>,
    /// Whether this system has what the exercise needs.
    pub runs_here: bool,
}

/// Returns all exercises in a language, in the order of the lessons.
pub fn exercises(language: &str) -> Vec<Exercise> {
    let output = coach(["list", "--json", "--lang", language]).output().expect("the coach runs");
    let json = String::from_utf8(output.stdout).expect("UTF-8");
    let lines = json.lines().filter(|line| line.contains("\"name\""));
    let exercise = |line: &str| {
        let (fields, rules) = line.split_once("\"rules\": ").expect("the rules");
        let rules = rules.split("{\"name\": ").skip(1);
        Exercise {
            name: string(fields, "name").expect("a name"),
            rules: rules
                .map(|rule| {
                    let rule = format!("\"name\": {rule}");
                    (
                        string(&rule, "name").expect("a name"),
                        string(&rule, "sentence").expect("one"),
                    )
                })
                .collect(),
            runs_here: string(fields, "state").expect("a state") != "left out",
        }
    };
    lines.map(exercise).collect()
}

/// The result of a check, as `check --json` reports it.
#[derive(Debug)]
pub struct Verdict {
    pub passed: bool,
    /// The broken rule.
    pub rule: Option<String>,
    /// The rules that were kept.
    pub kept: Vec<String>,
    /// The message to the student.
    pub said: Option<String>,
}

impl Verdict {
    /// Runs a [`coach`] that checks one exercise with `--json`.
    pub fn of(mut coach: Command) -> Verdict {
        let output = coach.output().expect("the coach runs");
        let json = String::from_utf8(output.stdout).expect("UTF-8");
        let passed = json.contains("\"passed\": true");
        assert_eq!(output.status.success(), passed, "{coach:?}: {json}");
        let (_, kept) =
            json.split_once("\"kept\": [").unwrap_or_else(|| panic!("{coach:?}: {json}"));
        let (kept, _) = kept.split_once(']').expect("a list");
        Verdict {
            passed,
            rule: string(&json, "rule"),
            kept: kept.split('"').skip(1).step_by(2).map(String::from).collect(),
            said: string(&json, "said"),
        }
    }
}

/// Returns the path of the library, and brings it up to date first. (The library that a test is linked
/// with has a name that only cargo knows.)
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let mut cargo = command(env!("CARGO"));
        cargo.current_dir(package()).args(["build", "--quiet", "--lib"]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        assert!(cargo.status().expect("cargo runs").success(), "the library does not build");
        Path::new(env!("CARGO_BIN_EXE_net-notes")).with_file_name("libnet_notes.rlib")
    })
}

/// Compiles a source file with the library, as the coach does, and writes the program to this path.
pub fn build(source: &Path, program: &Path) {
    let mut extern_library = OsString::from("net_notes=");
    extern_library.push(library());
    fs::create_dir_all(program.parent().expect("a folder")).expect("writable");
    let mut rustc = command(std::env::var_os("RUSTC").unwrap_or("rustc".into()));
    rustc.args(["--edition", "2024", "-C", "strip=debuginfo", "--extern"]).arg(extern_library);
    let output = rustc.arg(source).arg("-o").arg(program).output().expect("rustc runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
