//! The pages of the course as HTML: the Markdown of the lessons, compared with a real
//! implementation, and the exported site.

use crate::common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use common::{command, peer, root};

const COACH: &str = env!("CARGO_BIN_EXE_net-notes");

/// A folder that does not exist yet. Removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = format!("net-notes-site-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let _ = fs::remove_dir_all(&folder);
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn coach() -> Command {
    coach_in("en")
}

/// The language is said each time, as the student may have chosen another one.
fn coach_in(language: &str) -> Command {
    let mut coach = command(COACH);
    coach.current_dir(root()).env("CARGO_MANIFEST_DIR", root()).stdin(Stdio::null());
    coach.args(["--lang", language]);
    coach
}

/// Runs a command. Returns its output on both streams, and whether it succeeded.
fn run(command: &mut Command) -> (String, bool) {
    let output = command.output().expect("it starts");
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).expect("UTF-8"), output.status.success())
}

fn export(folder: &Path) -> (String, bool) {
    run(coach().arg("export").arg(folder))
}

/// Returns the folder of a whole site, for tests that only read it.
fn site() -> &'static Path {
    static SITE: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("site");
        let (said, is_done) = export(&folder);
        assert!(is_done, "{said}");
        folder
    });
    &SITE
}

/// Returns the names of all pages of the course.
fn pages() -> Vec<String> {
    let mut pages = common::files("lessons/", ".md");
    pages.extend(common::files("README", ".md"));
    pages.extend(common::files("tests/exercises/", ".md"));
    assert!(pages.len() > 80, "{pages:?}");
    pages
}

#[test]
fn every_page_uses_markdown_that_is_known() {
    let (text, is_done) = run(coach().arg("render").args(pages()));
    assert!(is_done, "{}", text.lines().last().unwrap_or_default());
}

#[test]
fn every_page_becomes_what_cmark_gfm_makes_of_it() {
    let Some(cmark) = peer("cmark-gfm") else { return };
    let mut wrong = String::new();
    for page in pages() {
        let mut theirs = command(&cmark);
        theirs.current_dir(root()).arg("--unsafe"); // do not leave out HTML
        for extension in ["table", "autolink", "strikethrough", "tasklist", "tagfilter"] {
            theirs.args(["-e", extension]); // GitHub's
        }
        let (theirs, _) = run(theirs.arg(&page));
        let (ours, _) = run(coach().args(["render", &page]));
        let ours = without_names(&ours);
        let lines = || theirs.trim_end().lines().zip(ours.trim_end().lines());
        let differs = lines().find(|(their, our)| their != our);
        if differs.is_some() || theirs.trim_end() != ours.trim_end() {
            wrong.push_str(&format!("{page}: {differs:#?}\n"));
        }
    }
    assert!(wrong.is_empty(), "cmark-gfm on the left:\n{wrong}");
}

/// Returns the HTML without our additions: colours, and names for style sheets, scripts and links.
fn without_names(html: &str) -> String {
    let mut plain = String::new();
    for (n, part) in html.split('<').enumerate() {
        let Some((tag, text)) = part.split_once('>').filter(|_| n > 0) else {
            plain.push_str(part);
            continue;
        };
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        if name != "span" {
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            plain.push('<');
            plain.push_str(name);
            // Split at `" `: a space within a value never follows a quote.
            for attribute in attributes.split_inclusive("\" ") {
                let is_ours = attribute.starts_with("id=")
                    || attribute.starts_with("data-")
                    || attribute.starts_with("class=") && !attribute.contains("\"language-");
                if !is_ours {
                    plain.push(' ');
                    plain.push_str(attribute.trim_end());
                }
            }
            plain.push('>');
        }
        plain.push_str(text);
    }
    plain
}

/// Markdown that the lessons do not use is refused, at its line, and not shown differently from
/// GitHub.
#[test]
fn other_markdown_is_an_error_with_its_line() {
    let folder = Folder::new("markdown");
    fs::create_dir_all(&folder.0).expect("writable");
    let page = folder.0.join("page.md");
    for (line, what, text) in [
        (2, "underlined", "A heading\n=========\n"),
        (3, "underlined", "Text\n\n---\n"),
        (1, "`#` to `######`", "#No space\n"),
        (1, "no `#` at its end", "# Closed #\n"),
        (3, "nothing closes", "Text\n\n```rust\nfn main() {}\n"),
        (1, "with ```", "~~~\ncode\n~~~\n"),
        (1, "spaces in front", " Text\n"),
        (2, "is written with `- `", "Text\n* item\n"),
        (1, "is written with `- `", "+ item\n"),
        (1, "is written with `1. `", "1) item\n"),
        (1, "begins with 1", "46. A program that dies.\n"),
        (2, "out of order", "1. one\n3. three\n"),
        (2, "begin like one", "Text\n- item\n"),
        (2, "belongs to what is above", "- item\nlazy\n"),
        (2, "belongs to what is above", "> quote\nlazy\n"),
        (1, "`|---|`", "| a | b |\n|---|\n| 1 | 2 |\n"),
        (3, "more or fewer cells", "| a |\n|---|\n| 1 | 2 |\n"),
        (2, "belongs to what is above", "| a |\nb\n"),
        (1, "ends in `|`", "| a\n|---|\n"),
        (3, "HTML other than", "Text\n\n<div>\n"),
        (1, "HTML other than", "<details open>\n"),
        (2, "HTML in a line", "Text\nand <b>bold</b>\n"),
        (1, "an entity", "1 &lt; 2\n"),
        (1, "[text](target)", "[name]: https://rust-lang.org\n"),
        (1, "[text](target)", "See [this][name].\n"),
        (1, "[text](target)", "See [this](a.md \"title\").\n"),
        (1, "bare address", "See https://rust-lang.org.\n"),
        (1, "emphasis is written with `*`", "some _emphasis_\n"),
        (1, "struck out", "~~gone~~\n"),
        (3, "stars", "Text\n\n**先猜：**服务器\n"),
        (2, "back-tick", "Text\nand `code\n"),
        (1, "hard line break", "Text  \nmore\n"),
        (2, "HTML in a line", "1. item\n   with <b>bold</b>\n2. next\n"),
    ] {
        fs::write(&page, text).expect("writable");
        let (said, is_done) = run(coach().arg("render").arg(&page));
        let expected = format!("page.md:{line}: ");
        assert!(!is_done && said.contains(&expected) && said.contains(what), "{text:?}: {said}");
        let (said, _) = run(coach_in("zh").arg("render").arg(&page));
        let is_chinese = said.contains(|c| ('一'..='龥').contains(&c));
        assert!(said.contains(&expected) && is_chinese, "{text:?}: {said}");
    }
}

/// Returns all files below the folder, as they are named in a link.
fn files_below(folder: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    let mut due = vec![folder.to_path_buf()];
    while let Some(next) = due.pop() {
        for entry in fs::read_dir(&next).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                due.push(path);
                continue;
            }
            let path = path.strip_prefix(folder).expect("below");
            let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
            files.insert(names.join("/"));
        }
    }
    files
}

/// Returns the values of an attribute.
fn values<'h>(html: &'h str, attribute: &str) -> Vec<&'h str> {
    let start = format!(" {attribute}=\"");
    html.split(&start[..]).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// Returns the file and the anchor that a link on this page leads to.
fn target(page: &str, link: &str) -> (String, String) {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    if file.is_empty() {
        return (page.to_string(), anchor.to_string());
    }
    let mut path: Vec<&str> = page.split('/').collect();
    path.pop();
    for part in file.split('/') {
        match part {
            ".." => assert!(path.pop().is_some(), "{page}: {link} leads out of the site"),
            part => path.push(part),
        }
    }
    (path.join("/"), anchor.to_string())
}

/// Decodes an anchor into an id: `%E7%BB%83` is 练.
fn decoded(anchor: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = anchor.as_bytes();
    while let [first, more @ ..] = rest {
        let hex = more.get(..2).filter(|_| *first == b'%');
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &more[2..] } else { more };
    }
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn the_site_has_every_page_and_no_dead_link() {
    let folder = site();
    let files = files_below(folder);
    for page in common::files("lessons/", ".md") {
        let page = page.strip_prefix("lessons/").expect("asked for");
        let (lang, page) = match page.strip_prefix("zh/") {
            Some(page) => ("zh", page),
            None => ("en", page),
        };
        let page = page.replace(".md", ".html").replace("README", "index").to_lowercase();
        assert!(files.contains(&format!("{lang}/{page}")), "{lang}/{page}");
    }
    for picture in common::files("lessons/pictures/", ".svg") {
        let exported = fs::read(folder.join(picture.replace("lessons/", ""))).expect(&picture);
        assert_eq!(exported, common::committed(&picture).expect("committed"), "{picture}");
    }
    for exercise in common::files("tests/exercises/", "/stub.rs") {
        let id = &exercise["tests/exercises/".len()..][..2];
        for lang in ["en", "zh"] {
            assert!(files.contains(&format!("{lang}/exercise_{id}.html")), "{exercise}");
        }
    }
    let ids = |file: &str| -> BTreeSet<String> {
        let html = fs::read_to_string(folder.join(file)).unwrap_or_default();
        values(&html, "id").into_iter().map(String::from).collect()
    };
    let mut anchors = 0;
    for page in files.iter().filter(|file| file.ends_with(".html")) {
        let html = fs::read_to_string(folder.join(page)).expect(page);
        let ids_here = ids(page);
        assert_eq!(ids_here.len(), values(&html, "id").len(), "{page}: an id twice");
        for link in values(&html, "href").into_iter().chain(values(&html, "src")) {
            if link.starts_with("https://") || link.starts_with("data:") {
                continue;
            }
            if link.starts_with("http://") {
                assert!(link.starts_with("http://127.0.0.1:"), "{page}: {link}");
                continue;
            }
            assert!(!link.starts_with('/'), "{page}: {link} is not relative");
            let (file, anchor) = target(page, link);
            assert!(files.contains(&file), "{page}: {link} is dead");
            if !anchor.is_empty() {
                let is_there = match file == *page {
                    true => ids_here.contains(&decoded(&anchor)),
                    false => ids(&file).contains(&decoded(&anchor)),
                };
                assert!(is_there, "{page}: {link} has no such anchor");
                anchors += 1;
            }
        }
    }
    assert!(anchors > 100, "{anchors}");
}

/// So that the pages can be served with a Content-Security-Policy without `unsafe-inline`, and
/// opened from the disk.
#[test]
fn a_page_is_readable_without_scripts_and_loads_nothing_from_elsewhere() {
    let folder = site();
    for page in files_below(folder).iter().filter(|file| file.ends_with(".html")) {
        let html = fs::read_to_string(folder.join(page)).expect(page);
        for script in html.split("<script").skip(1) {
            let (tag, rest) = script.split_once('>').expect("a tag");
            assert!(tag.starts_with(" src=\"") && rest.starts_with("</script>"), "{page}: {tag}");
        }
        for tag in html.split('<').filter_map(|part| part.split('>').next()) {
            assert!(!tag.starts_with("style") && !tag.contains(" style="), "{page}: <{tag}>");
            let is_handler =
                |attribute: &str| attribute.starts_with("on") && attribute.contains('=');
            assert!(!tag.split(' ').any(is_handler), "{page}: <{tag}>");
            if tag.starts_with("script") || tag.starts_with("link") || tag.starts_with("img") {
                assert!(!tag.contains("//"), "{page}: <{tag}>");
            }
        }
        let main = html.split_once("<main").map(|(_, main)| main.split("<script").next());
        let is_long = main.flatten().is_some_and(|main| main.len() > 200);
        assert!(is_long && html.contains("<h1"), "{page}: no text");
    }
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let folder = Folder::new("foreign");
    fs::create_dir_all(folder.0.join("en")).expect("writable");
    fs::write(folder.0.join("en/index.html"), "mine").expect("writable");
    let (said, is_done) = export(&folder.0);
    assert!(!is_done && said.contains("not empty"), "{said}");
    assert_eq!(files_below(&folder.0).len(), 1);
    assert_eq!(fs::read_to_string(folder.0.join("en/index.html")).expect("still there"), "mine");
    let (said, is_done) = export(&folder.0.join("en/index.html"));
    assert!(!is_done && said.contains("nothing was exported"), "{said}");
    // A folder in it, which does not exist yet, is allowed.
    assert!(export(&folder.0.join("site")).1);
}

#[test]
#[ignore = "exports all pages three times"]
fn a_site_is_exported_again_in_place() {
    let folder = Folder::new("again");
    assert!(export(&folder.0).1);
    let files = files_below(&folder.0);
    let read = |file: &str| fs::read_to_string(folder.0.join(file)).expect(file);
    let (list, page) = (read(".net-notes-export"), read("en/03_server.html"));
    fs::write(folder.0.join(".net-notes-export"), format!("en/old.html\n../out.html\n{list}"))
        .expect("writable");
    for (file, text) in [("en/old.html", "stale"), ("en/mine.html", "mine")] {
        fs::write(folder.0.join(file), text).expect("writable");
    }
    let out = folder.0.with_file_name("out.html");
    fs::write(&out, "mine").expect("writable");
    fs::remove_file(folder.0.join("en/03_server.html")).expect("it was there");
    let (said, is_done) = export(&folder.0);
    assert!(is_done, "{said}");
    assert!(out.exists(), "removed out of its own folder");
    fs::remove_file(&out).expect("it was there");
    assert_eq!(read("en/03_server.html"), page);
    assert_eq!(read("en/mine.html"), "mine", "what it has not written stays");
    fs::remove_file(folder.0.join("en/mine.html")).expect("it was there");
    assert_eq!(files_below(&folder.0), files, "what is no page any longer is gone");
    // And where our page would replace a file that is not ours.
    let without = list.replace("en/04_client.html\n", "");
    fs::write(folder.0.join(".net-notes-export"), without).expect("writable");
    fs::write(folder.0.join("en/04_client.html"), "mine").expect("writable");
    let (said, is_done) = export(&folder.0);
    assert!(!is_done && said.contains("en/04_client.html"), "{said}");
    assert_eq!(read("en/04_client.html"), "mine");
}

#[test]
fn what_the_pages_load_is_small() {
    let assets = common::files("src/coach/pages/assets/", "");
    let sizes = assets.iter().map(|file| common::committed(file).map_or(0, |text| text.len()));
    let size: usize = sizes.sum();
    assert!((1..=80 * 1024).contains(&size), "{size} bytes in {assets:?}");
}
