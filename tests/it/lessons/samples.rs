//! Tests the runner itself, with pages made here: a true page passes, a false one fails and says
//! why.

use std::time::Duration;

use super::runner::{Outcome, run};
use super::session;
use crate::{common, markdown};

/// Returns a page of the given blocks: (the text after the fence, content).
fn page(blocks: &[(&str, &str)]) -> String {
    blocks.iter().map(|(info, text)| format!("Now:\n\n```{info}\n{text}\n```\n\n")).collect()
}

/// Returns the outcomes' names, and all the reports.
fn outcomes(name: &str, patience: Duration, blocks: &[(&str, &str)]) -> (String, String) {
    let (name, text) = (name.to_string(), page(blocks));
    let outcomes = common::within(&name.clone(), move || run(&name, &text, patience));
    let mut reports = String::new();
    let short = outcomes.into_iter().map(|(_, outcome)| match outcome {
        Outcome::Ok => "ok",
        Outcome::Skipped(_) => "skipped",
        Outcome::Failed(report) => {
            reports.push_str(&report);
            "failed"
        }
    });
    (short.collect::<Vec<_>>().join(" "), reports)
}

#[test]
fn what_is_true_passes() {
    for (name, blocks) in [
        ("one", vec![("console", "$ echo hello\nhello")]),
        ("several", vec![("console", "$ echo a\na\n$ false\n$ echo $?\n1\n\n$ printf 'b'\nb")]),
        (
            "both streams",
            vec![(
                "console",
                "$ echo a; cat none; echo b\na\ncat: none: No such file or directory\nb",
            )],
        ),
        ("here", vec![("console", "$ cat <<'EOF'\n> a $x\n> b\n> EOF\na $x\nb")]),
        ("typed", vec![("console", "$ cat\nhello⏎\nhello\nagain⏎\nagain\n^D")]),
        ("stopped", vec![("console", "$ cat\nhello⏎\nhello\n^C\n$ echo $?\n130")]),
        (
            "two terminals",
            vec![
                ("console terminal 1", "$ cat\na⏎\na"),
                ("console terminal 2", "$ echo other\nother"),
                ("console terminal 1", "b⏎\nb\n^D"),
                ("console terminal 1", "$ echo c\nc"),
            ],
        ),
        ("any lines", vec![("console", "$ seq 9\n1\n…\n9")]),
        ("ports", vec![("console", "$ echo 5000 5001 10086\n5000 5001 10086")]),
        ("times", vec![("console", "$ echo '0.123 ms 127.0.0.1:40001'\n17.4 ms  127.0.0.1:50002")]),
        ("carriage returns", vec![("console", "$ printf 'Hello\\n\\rBye!\\n\\r'\nHello\nBye!")]),
        ("not run", vec![("sh", "rm -r /"), ("console", "$ true")]),
    ] {
        let (short, reports) = outcomes(name, common::DEADLINE, &blocks);
        assert!(!short.contains("failed"), "{name}: {short}\n{reports}");
    }
}

#[test]
fn what_is_wrong_fails_and_says_why() {
    for (name, blocks, expected, why) in [
        ("other line", vec![("console", "$ echo hello\nHello")], "failed", "--> hello"),
        ("line too many", vec![("console", "$ echo a; echo b\na")], "failed", "--> b"),
        ("line missing", vec![("console", "$ echo a\na\nb")], "failed", "ended before"),
        (
            "blank line missing",
            vec![("console", "$ printf 'a\\n\\nb\\n'\na\nb")],
            "failed",
            "something else",
        ),
        ("status", vec![("console", "$ true\n$ echo $?\n1")], "failed", "--> 0"),
        ("after ^C", vec![("console", "$ cat\n^C\nbye")], "failed", "ended before"),
        ("not understood", vec![("console", "$ rm -r x")], "failed", "`rm`"),
        (
            "no example",
            vec![("console", "$ cargo run --example none")],
            "failed",
            "no example none",
        ),
        ("no dollar", vec![("console", "echo a")], "failed", "begins with output"),
        ("info", vec![("console terminal", "$ true")], "failed", "write `console"),
        (
            "later blocks",
            vec![
                ("console terminal 1", "$ cat"),
                ("console", "$ echo a\nb"),
                ("console terminal 1", "^C"),
                ("console terminal 1", "$ true"),
            ],
            "ok failed failed ok",
            "not run",
        ),
        (
            "gone",
            vec![("console terminal 1", "$ echo a\na"), ("console terminal 1", "b")],
            "ok failed",
            "ended before",
        ),
        (
            "unshown",
            vec![
                ("console terminal 1", "$ cat\na⏎\na"),
                ("console terminal 2", "$ true"),
                ("console terminal 1", "b⏎\nc⏎\n^D\nb"),
            ],
            "ok ok failed",
            "--> c",
        ),
    ] {
        let (short, reports) = outcomes(name, common::DEADLINE, &blocks);
        assert_eq!(short, expected, "{name}: {reports}");
        assert!(reports.contains(why), "{name}: {reports}");
    }
}

#[test]
fn what_stays_up_or_says_nothing_fails() {
    let patience = Duration::from_millis(50);
    for (name, blocks, why) in [
        ("stays up", vec![("console", "$ cat")], "still runs"),
        (
            "stays up at the end",
            vec![("console terminal 1", "$ cat"), ("console", "$ true")],
            "still runs",
        ),
        ("silent", vec![("console", "$ cat\na\n^C")], "and waits"),
    ] {
        let (short, reports) = outcomes(name, patience, &blocks);
        assert!(short.starts_with("failed"), "{name}: {short}");
        assert!(reports.contains(why), "{name}: {reports}");
    }
}

#[test]
fn a_server_of_node_and_a_client() {
    let server = "// server.js\nconst net = require('net');\n\
        net.createServer((s) => s.end('hello\\n')).listen(5000, '127.0.0.1', () => console.log('port 5000'));";
    let (short, reports) = outcomes(
        "node",
        common::DEADLINE,
        &[
            ("js", server),
            ("console terminal 1", "$ node server.js\nport 5000"),
            ("console terminal 2", "$ nc 127.0.0.1 5000\nhello\n^C"),
            (
                "console terminal 2",
                "$ nc -v 127.0.0.1 5001 2>&1 | head -n 1 | tr A-Z a-z | grep -o refused\nrefused",
            ),
            ("console terminal 1", "^C"),
        ],
    );
    assert!(
        short == "ok ok ok ok" || short == "skipped skipped skipped skipped",
        "{short}: {reports}"
    );
}

#[test]
fn blocks_around_a_missing_peer_are_skipped_together() {
    let blocks = [
        ("console terminal 1", "$ cat\na⏎\na"),
        ("console terminal 2", "$ nc ::1 5000"),
        ("console terminal 1", "^D"),
        ("console", "$ true"),
    ];
    let text = page(&blocks);
    let blocks = session::blocks(&markdown::Page::parse(&text))
        .map_err(|(_, why)| why)
        .expect("well formed");
    let sessions: Vec<_> = blocks.iter().map(|block| block.session).collect();
    assert_eq!(sessions, [0, 0, 0, 1]);
    assert_eq!(
        blocks.iter().map(|block| block.stays).collect::<Vec<_>>(),
        [true, false, false, false]
    );
}
