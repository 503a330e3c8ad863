//! Lesson 7: five conversations that TCP allows, each identified by the bytes in its picture.
#![warn(clippy::disallowed_methods)] // .clippy.toml says which

mod common;

use std::net::TcpListener;

fn run(arguments: &[&str]) -> assert_cmd::assert::Assert {
    common::run_example("07_free_form", arguments, common::DEADLINE)
}

fn stdout() -> String {
    String::from_utf8(run(&["0"]).success().get_output().stdout.clone()).expect("UTF-8")
}

/// One of the five pictures: the data on the wire and the reads, without the times, each side in
/// its own order.
struct Picture {
    client: Vec<String>,
    server: Vec<String>,
}

fn pictures(printed: &str) -> Vec<Picture> {
    let picture = |text: &str| {
        let mut picture = Picture { client: Vec::new(), server: Vec::new() };
        for line in text.lines().skip(2).filter(|line| !line.is_empty()) {
            let (_, row) = line.split_once('│').unwrap_or_else(|| panic!("no row: {line:?}"));
            let (between, right) =
                row.rsplit_once('│').unwrap_or_else(|| panic!("no row: {row:?}"));
            let what = between.trim_matches(|c| "─▶◀ ".contains(c)).to_string();
            match (between.contains('▶'), between.contains('◀'), right.trim()) {
                (true, _, _) => picture.client.push(format!("sends {what}")),
                (_, true, _) => picture.server.push(format!("sends {what}")),
                (_, _, "") => picture.client.push(what),
                (_, _, right) => picture.server.push(right.to_string()),
            }
        }
        picture
    };
    let found: Vec<_> =
        printed.split("\n\n").filter(|text| !text.is_empty()).map(picture).collect();
    assert_eq!(found.len(), 5, "{printed}");
    found
}

/// Leaves out how many bytes each side reads at once: except in the last two conversations, this
/// depends on chance.
fn without_reads(rows: &[String]) -> Vec<&str> {
    rows.iter()
        .map(String::as_str)
        .filter(|row| !row.starts_with("reads ") || *row == "reads FIN")
        .collect()
}

fn bytes_read(rows: &[String]) -> Vec<usize> {
    let sizes = rows.iter().filter_map(|row| row.strip_prefix("reads ")?.strip_suffix(" B"));
    sizes.map(|size| size.parse().expect("a number")).collect()
}

#[test]
fn it_prints_what_its_header_shows() {
    let printed = stdout();
    let titles = printed.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    let titles: String = titles.map(|line| format!("{line}\n")).collect();
    assert_eq!(titles, common::header_output("07_free_form"));
}

#[test]
fn each_picture_shows_what_its_title_says_at_every_run() {
    for _ in 0..20 {
        let printed = stdout();
        let pictures = pictures(&printed);
        let [silence, three, first, two, halves] = &pictures[..] else { unreachable!() };

        let client = ["sends connect", "sends \"a note\" 6 B", "sends FIN", "reads FIN", "closes"];
        assert_eq!(without_reads(&silence.client), client, "{printed}");
        assert_eq!(without_reads(&silence.server), ["accepts", "reads FIN", "sends FIN", "closes"]);
        assert_eq!((bytes_read(&silence.client), bytes_read(&silence.server)), (vec![], vec![6]));

        let answers = ["sends \"one\" 3 B", "sends \"two\" 3 B", "sends \"three\" 5 B"];
        let sent: Vec<_> = three
            .server
            .iter()
            .filter(|row| row.ends_with(" B") && row.starts_with("sends "))
            .collect();
        assert_eq!(sent, answers, "{printed}");
        assert_eq!(bytes_read(&three.server), [5], "one request: {printed}");
        assert_eq!(bytes_read(&three.client).iter().sum::<usize>(), 11, "{printed}");

        let server = ["accepts", "sends \"good morning\" 12 B"];
        assert_eq!(first.server[..2], server, "{printed}");
        assert!(!first.client.iter().any(|row| row.starts_with("sends \"")), "{printed}");
        assert_eq!(bytes_read(&first.client), [12], "{printed}");

        assert_eq!(
            two.client[..2],
            ["sends connect", "sends \"message 1,message 2,\" 20 B"],
            "{printed}"
        );
        assert_eq!(bytes_read(&two.server), [20], "{printed}");

        assert_eq!(
            halves.client[..3],
            ["sends connect", "sends \"half a mes\" 10 B", "sends \"sage\" 4 B"],
            "{printed}"
        );
        assert_eq!(bytes_read(&halves.server), [10, 4], "{printed}");
    }
}

#[test]
fn a_taken_port_is_explained() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = holder.local_addr().expect("bound").port().to_string();
    let output = run(&[&port]).failure().code(1).get_output().clone();
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(
        message.contains(&format!("EADDRINUSE: address already in use localhost:{port}. ")),
        "{message}"
    );
    assert!(message.contains("AirPlay on macOS? Take `-- 5001`"), "{message}");
    assert_eq!(output.stdout, b"");
}

#[test]
fn arguments_it_does_not_understand_are_explained() {
    for bad in ["http", "65536", "-1", ""] {
        let message = run(&[bad]).failure().code(1).get_output().stderr.clone();
        let message = String::from_utf8_lossy(&message);
        assert!(message.contains("after -- goes nothing, or a port: 0 to 65535"), "{message}");
    }
}
