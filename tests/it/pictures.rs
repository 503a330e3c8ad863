//! The lessons' pictures: each was made by its example with `--svg FILE`, and a new run would make
//! the same one.
//!
//! Two runs never agree in everything. This compares what they have in common: the sheet byte for
//! byte, and the steps of each end, in their order. The times differ, and so does the order of the
//! steps of one end relative to those of the other, if neither causes the other.

use crate::common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use common::{DEADLINE, Program, command, example, files, peer_that, root};
use net_notes::{self as net, event, trace::Recorder};

/// The example, and its arguments. Port 0, if it takes a port.
const PICTURES: [(&str, &[&str]); 4] = [
    ("05_order", &["0"]),
    ("07_free_form", &["0"]),
    ("10_data_loss", &[]),
    ("12_http_response", &[]),
];

/// An example whose client may read several of the server's writes at once: how many, depends on
/// chance. So consecutive reads are compared as one, and the height of the sheet is not compared.
const PIECES: &str = "12_http_response";

/// Returns the path of the lesson's picture.
fn picture(name: &str) -> PathBuf {
    root().join(format!("lessons/pictures/{name}.svg"))
}

/// Returns a path for this test alone.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    fs::create_dir_all(&folder).expect("a folder");
    folder.join(name)
}

fn run(name: &str, arguments: &[&str], file: &Path) -> assert_cmd::assert::Assert {
    let mut command = Command::from_std(command(example(name)));
    command.args(arguments).arg("--svg").arg(file).timeout(DEADLINE).assert()
}

/// Returns what two runs have in common, line by line: the sheet, and then the steps of each end.
/// And the times.
fn read(name: &str, svg: &str) -> (Vec<String>, Vec<f64>) {
    let joined = name == PIECES;
    let bytes = |step: &str| -> Option<usize> {
        step.strip_suffix(" B</text></g>")?.rsplit_once(">reads ")?.1.parse().ok()
    };
    let high = ["<svg ", "<rect class=\"sheet\"", "<path class=\"system\""];
    let (mut sheet, mut steps, mut times) = (Vec::new(), BTreeMap::new(), Vec::new());
    let mut connection = 0;
    for line in svg.replace("\r\n", "\n").lines() {
        connection += usize::from(line.starts_with("<g transform="));
        let Some(step) = line.strip_prefix("<g class=\"") else {
            // The time for which the program had the connection: from one step to another, and the
            // height of a step is its time.
            let solid = line.starts_with("<path class=\"program\"");
            sheet.push(if solid {
                line.split_inclusive(' ').take(3).collect()
            } else if joined && high.iter().any(|start| line.starts_with(start)) {
                line.replace(|c: char| c.is_ascii_digit(), "")
            } else {
                line.into()
            });
            continue;
        };
        let (side, step) = step.split_once(' ').expect("the side, and the kind");
        let (kind, step) = step.split_once('"').expect("a class ends");
        let (before, step) = step.split_once("</text>").expect("the time");
        let (_, time) = before.rsplit_once('>').expect("a tag");
        times.push(time.parse().expect("milliseconds"));
        // A reset is drawn when the other end is informed of it.
        let whose = match (kind, side) {
            ("reset", "left") => "right",
            ("reset", _) => "left",
            (_, side) => side,
        };
        let lane: &mut Vec<String> = steps.entry((connection, whose.to_string())).or_default();
        let step = format!("{connection} {whose}: {side} {kind} {step}");
        match (lane.last_mut(), bytes(&step)) {
            (Some(last), Some(more)) if joined && bytes(last).is_some() => {
                let (before, _) = last.rsplit_once(">reads ").expect("a read");
                let all = bytes(last).unwrap_or_default() + more;
                *last = format!("{before}>reads {all} B</text></g>");
            }
            _ => lane.push(step),
        }
    }
    sheet.extend(steps.into_values().flatten());
    (sheet, times)
}

/// Whether each reset begins at a dashed line: by then no program has that end of the connection.
fn a_reset_comes_after_the_close(svg: &str) -> bool {
    let mut closed = BTreeSet::new();
    svg.lines().all(|line| match line.strip_prefix("<g class=\"") {
        _ if line.starts_with("<g transform=") => {
            closed.clear(); // another connection
            true
        }
        Some(step) if step.starts_with("left reset") => closed.contains("left"),
        Some(step) if step.starts_with("right reset") => closed.contains("right"),
        Some(step) if step.contains(">closes<") => {
            closed.insert(step.split(' ').next().unwrap_or_default());
            true
        }
        _ => true,
    })
}

#[test]
fn every_picture_is_what_its_example_draws_today() {
    for (name, arguments) in PICTURES {
        if name == "10_data_loss" && !cfg!(target_os = "linux") {
            common::skipped("what arrives before a reset is for each kernel to say");
            continue;
        }
        let committed = fs::read_to_string(picture(name)).unwrap_or_default();
        let (lesson, times) = read(name, &committed);
        assert!(times.is_sorted(), "{name}: time goes downwards, {times:?}");
        assert!(a_reset_comes_after_the_close(&committed), "{name}");
        for _ in 0..10 {
            let file = scratch(&format!("{name}.svg"));
            run(name, arguments, &file).success();
            let svg = fs::read_to_string(&file).expect("it has been written");
            let (today, _) = read(name, &svg);
            assert!(a_reset_comes_after_the_close(&svg), "{name}: {svg}");
            let lines = 0..lesson.len().max(today.len());
            if let Some(line) = lines.into_iter().find(|&line| lesson.get(line) != today.get(line))
            {
                panic!(
                    "lessons/pictures/{name}.svg is not what its example draws today: make it again,\n    \
                     cargo run --example {name} -- --svg lessons/pictures/{name}.svg\n\
                     and look at it: does the lesson still say the same?\n\
                     the picture: {:?}\ntoday: {:?}",
                    lesson.get(line),
                    today.get(line)
                );
            }
        }
    }
}

#[test]
fn every_picture_of_the_lessons_is_compared() {
    let mut compared = PICTURES.map(|(name, _)| format!("lessons/pictures/{name}.svg"));
    compared.sort();
    assert_eq!(files("lessons/pictures/", ".svg"), compared);
}

/// The option changes nothing else: neither the port nor the output.
#[test]
fn the_option_stands_anywhere_among_the_arguments() {
    let file = scratch("anywhere.svg");
    let path = file.to_str().expect("a path that is text");
    for arguments in [["--svg", path, "127.0.0.1", "0"], ["127.0.0.1", "--svg", path, "0"]] {
        let _ = fs::remove_file(&file); // may remain from the last run
        let (status, printed, errors) = Program::start(example("05_order"), &arguments).wait();
        assert!(
            status.success() && printed.contains("The client ends first, at 127.0.0.1:"),
            "{errors}"
        );
        assert!(
            fs::read_to_string(&file).is_ok_and(|svg| svg.starts_with("<svg ")),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_picture_that_cannot_be_written_is_explained() {
    let file = scratch("no-such-folder").join("picture.svg");
    for (name, arguments) in PICTURES {
        let output = run(name, arguments, &file).failure().code(1).get_output().clone();
        let message = String::from_utf8(output.stderr).expect("UTF-8");
        let sentence = format!("the picture does not get into {}: ", file.display());
        assert!(message.replace("\\\\", "\\").contains(&sentence), "{name}: {message}");

        let mut command = Command::from_std(command(example(name)));
        let output = command.args(arguments).arg("--svg").timeout(DEADLINE).assert();
        let output = output.failure().code(1).get_output().clone();
        let message = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(message.contains("after --svg goes the name of a file"), "{name}: {message}");
        assert_eq!(output.stdout, b"", "{name}");
    }
}

/// Python's parser refuses invalid XML, as a browser would.
#[test]
fn a_picture_is_xml_whatever_crossed_the_wire() {
    // A minimal Python has no XML parser.
    let Some(python) = peer_that("python3", &["-c", "import xml.etree.ElementTree"]) else {
        return;
    };
    let hostile = scratch("hostile.svg");
    fs::write(&hostile, a_hostile_conversation()).expect("a file");
    let script = r#"
import sys, xml.etree.ElementTree as xml
for file in sys.argv[1:]:
    picture = xml.parse(file).getroot()
    svg = '{http://www.w3.org/2000/svg}'
    assert picture.tag == svg + 'svg' and picture[0].tag == svg + 'title' and picture[1].tag == svg + 'desc', file
    assert picture.get('viewBox') == '0 0 ' + picture.get('width') + ' ' + picture.get('height'), file
    print(len([text for text in picture.iter(svg + 'text')]))
    print([text.text for text in picture.iter(svg + 'text') if text.text.startswith('"<')])
"#;
    let mut files = vec![hostile];
    files.extend(PICTURES.map(|(name, _)| picture(name)));
    let files: Vec<&str> = files.iter().map(|file| file.to_str().expect("text")).collect();
    let (status, printed, errors) =
        Program::start(python, &[&["-c", script], &files[..]].concat()).wait();
    assert!(status.success(), "{errors}");
    let printed: Vec<&str> = printed.lines().collect();
    assert_eq!(printed.len(), 2 * files.len(), "{printed:?}");
    assert!(printed[1].contains(r#"'"</text>&amp;\\0\\x80中" 17 B'"#), "{}", printed[1]);
}

/// Every byte value, in pieces, under hostile names.
fn a_hostile_conversation() -> String {
    let recorder = Recorder::new();
    let server = net::create_server(|socket| {
        socket.on(event::Data, |socket, data| {
            socket.write(data);
        });
    });
    server.listen(("127.0.0.1", 0), |_| {}).expect("a free port");
    recorder.watch_server("]]></svg>\u{0}\u{1b}[31m", &server);
    let client = net::connect(server.address().expect("it listens"), |client| {
        client.write(b"</text>&amp;\0\x80\xe4\xb8\xad");
        for chunk in (0..=255).collect::<Vec<u8>>().chunks(16) {
            client.write(chunk);
        }
        client.end_with("\u{fffe}\u{ffff}\u{202e}\u{2028}");
    });
    client.resume();
    recorder.watch("<!-- & -->", &client);
    let running = server.spawn();
    client.run().expect("a conversation");
    server.close().expect("it listens");
    running.join().expect("no panic").expect("no error");
    assert_eq!(recorder.svg(), recorder.svg());
    recorder.svg()
}
