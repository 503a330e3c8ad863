//! URLs: the errors of wrong ones, and how Node reads the right ones.

use std::fmt::Write;

use net::http;
use net_notes as net;

use crate::common::{Program, peer, within};
use crate::http::running::Running;

const HOST: &str = "its host is not a name, an IPv4 address, or an IPv6 address in brackets";
const PORT: &str = "its port is not a number up to 65535";
const CONTROL: &str = "it contains a control character";

/// URLs that are errors, and why.
pub const WRONG: &[(&str, &str)] = &[
    ("", "it has no http://"),
    ("localhost/", "it has no http://"),
    ("/path", "it has no http://"),
    ("http:/a/", "it has no http://"),
    ("http:\\\\a\\", "it has no http://"),
    ("https://localhost/", "https needs TLS, which this client does not have"),
    ("HTTPS://localhost/", "https needs TLS, which this client does not have"),
    ("ftp://localhost/", "it does not begin with http://"),
    ("://localhost/", "it does not begin with http://"),
    ("http ://localhost/", "it does not begin with http://"),
    ("http://", "it has no host"),
    ("http:///a", "it has no host"),
    ("http://?a", "it has no host"),
    ("http://#a", "it has no host"),
    ("http://:80/", "it has no host"),
    ("http://:/", "it has no host"),
    ("http://::1/", HOST),
    ("http://[::1/", HOST),
    ("http://[::1]x/", HOST),
    ("http://[::1]80/", HOST),
    ("http://[]/", HOST),
    ("http://[a]/", HOST),
    ("http://[127.0.0.1]/", HOST),
    ("http://[fe80::1%25lo]/", HOST),
    ("http://h:1:2/", HOST),
    ("http://a b/", HOST),
    ("http://a\"/", HOST),
    ("http://a%/", HOST),
    ("http://a:b/", PORT),
    ("http://a:+80/", PORT),
    ("http://a:-1/", PORT),
    ("http://a:8 0/", PORT),
    ("http://a:65536/", PORT),
    ("http://a:70000/", PORT),
    ("http://[::1]:70000/", PORT),
    ("http://user@a/", "a user name is not sent in this way"),
    ("http://user:word@a:80/", "a user name is not sent in this way"),
    ("http://@a/", "a user name is not sent in this way"),
    ("http://例子.中国/", "its host is not ASCII: write it in its xn-- form"),
    ("http://a/\r\nX: y", CONTROL),
    ("http://a/\t", CONTROL),
    ("http://a/?\0", CONTROL),
    ("http://a/\x7f", CONTROL),
    ("http://a\n/", CONTROL),
    ("\nhttp://a/", CONTROL),
];

/// Returns texts that may follow the authority of a URL: each of these is requested, and read by
/// Node.
fn rests() -> Vec<String> {
    let chosen = [
        "",
        "/",
        "?",
        "/?",
        "#",
        "/#a",
        "?#a",
        "/a?b=c&d",
        "/你好",
        "?q=é",
        "/你好?q=é#é",
        "/a b c",
        "?a b",
        "\\",
        "\\a\\..\\b",
        "/a\\b?c\\d",
        "?a/../b",
        "?a?b??c",
        "#/../?",
        "/\"<>{}|^`",
        "?\"<>{}|^`'",
        "/[a]?b[]=c",
        "/%41%e4%zz%",
        "?%41%e4%zz%",
        "/%",
        "/%%41",
        "/%4",
        "?%4",
        "/%25",
        "/%2f%2F",
        "/a//b///c",
        "//a",
        "//",
        "/a/..//b",
        "/../../a",
        "/a/./b/../c/.",
        "/a/b/..?c",
        "/a/%2e%2E/b",
        "/a/.%2e",
        "/a/%2E./b/%2e",
        "/..a/...",
        "/a/..b",
        "/.a",
        "/%2e%2e%2e",
        "/%2e%2e%2f",
        "/;a=b,c:@!$&'()*+-._~",
        "?;a=b,c:@!$&()*+-._~/?",
        "/a\u{301}\u{200d}\u{feff}\u{a0}\u{85}\u{2028}",
        "?\u{1f600}\u{10ffff}",
        "/\u{ff0e}\u{ff0e}/a",
        "/a\u{ff3c}b",
        "/a\u{2044}b",
        "/http://b/c",
        "/@b",
        "/a:80",
        "/%E4%BD%A0",
        "/\u{7f51} ?\u{7edc} ",
    ];
    let mut rests: Vec<String> = chosen.iter().map(ToString::to_string).collect();
    for character in (' '..='~').chain(['é', '你', '𝄞', '\u{80}', '\u{7ff}', '\u{ffff}']) {
        rests.extend([
            format!("/a{character}b"),
            format!("/{character}"),
            format!("/a?b{character}c"),
            format!("?{character}"),
            format!("/%{character}1"),
            format!("?%1{character}"),
        ]);
    }
    let segments = ["a", "", ".", "..", "%2e", "%2E.", "b c"];
    for one in segments {
        rests.push(format!("/{one}"));
        for two in segments {
            rests.push(format!("/{one}/{two}?q"));
            rests.extend(segments.map(|three| format!("/{one}/{two}\\{three}")));
        }
    }
    rests
}

/// Escapes all bytes that RFC 3986 does not allow in a path or a query (3.3 and 3.4).
fn escaped(target: &str) -> String {
    let mut escaped = String::new();
    for (at, byte) in target.bytes().enumerate() {
        let next = target.as_bytes().get(at + 1..at + 3).unwrap_or_default();
        let is_escape = byte == b'%' && next.len() == 2 && next.iter().all(u8::is_ascii_hexdigit);
        if is_escape || byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("to memory");
        }
    }
    escaped
}

#[test]
fn a_target_is_what_node_makes_of_it_and_never_raw() {
    let Some(node) = peer("node") else { return };
    let script = r"
        let text = '';
        process.stdin.setEncoding('utf8').on('data', (part) => text += part).on('end', () => {
            for (const rest of text.split('\n')) {
                const url = new URL('http://a' + rest);
                console.log(url.pathname + url.search);
            }
        });
    ";
    let rests = rests();
    let mut program = Program::start(node, &["-e", script]);
    program.type_in(&rests.join("\n"));
    let (status, out, err) = program.wait();
    assert!(status.success(), "{err}");
    let of_node: Vec<&str> = out.lines().collect();
    assert_eq!(of_node.len(), rests.len());

    let server = Running::new(|request, response| response.end_with(request.target()));
    let urls: Vec<String> = rests.iter().map(|rest| server.url(rest)).collect();
    let targets = within("all are answered", move || {
        let target = |url: &String| http::get(url).map(|reply| reply.text().into_owned());
        urls.iter().map(target).collect::<Result<Vec<_>, _>>().expect("answers")
    });
    server.close();
    let mut further = 0;
    for ((rest, target), of_node) in rests.iter().zip(targets).zip(of_node) {
        assert_eq!(target, escaped(of_node), "{rest:?}, of which Node makes {of_node:?}");
        further += usize::from(target != of_node);
    }
    // Node sends `[]^|`, in a query also `` {}`\ ``, and a `%` that begins no escape, unchanged.
    assert!((20..200).contains(&further), "{further} of {} differ from Node", rests.len());
}
