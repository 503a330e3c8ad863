//! The pages in a real browser, the student's way: a lesson runs, its wire is seen, an exercise is solved.

use std::fs;

use super::driver::Driver;
use super::opened::Workbench;
use crate::common::peer;

const MINE: &str = "tests/exercises/03_server.rs";
/// Enter, as WebDriver names it.
const ENTER: &str = "\u{e007}";

/// A workbench, and a browser that is at home there; `None`: there is no browser.
fn opened(name: &str) -> Option<(Driver, Workbench)> {
    let browser = Driver::start()?;
    let workbench = Workbench::open(name);
    browser.go(&format!("{}/?key={}", workbench.at, workbench.key));
    show(&browser, 1440, 900, "light");
    Some((browser, workbench))
}

fn show(browser: &Driver, width: usize, height: usize, scheme: &str) {
    browser.devtools(
        "Emulation.setDeviceMetricsOverride",
        &format!(r#"{{"width":{width},"height":{height},"deviceScaleFactor":1,"mobile":false}}"#),
    );
    browser.devtools(
        "Emulation.setEmulatedMedia",
        &format!(
            r#"{{"features":[{{"name":"prefers-color-scheme","value":"{scheme}"}},{{"name":"prefers-reduced-motion","value":"reduce"}}]}}"#
        ),
    );
}

/// Nothing failed in a script, and nothing was refused by the policy.
fn is_quiet(browser: &Driver) {
    let said = browser.console();
    assert!(!said.contains("SEVERE"), "{said}");
}

#[test]
#[ignore = "starts a browser"]
fn a_lesson_runs_and_its_wire_is_drawn() {
    let Some(_) = peer("nc") else { return };
    let Some((browser, workbench)) = opened("live-lesson") else { return };
    browser.go(&format!("{}/en/03_server.html", workbench.at));
    // While there is nothing to step through, the arrows scroll the text.
    browser.wait("!!document.querySelector('.tab[aria-pressed=true]')");
    browser.type_in("\u{e015}"); // down
    browser.wait("scrollY > 0");
    browser.click("[data-run='2']");
    // A client of ours, and nc: two conversations, and both directions of both are ended.
    browser.wait("document.querySelectorAll('.arrow.fin.left').length === 2");
    browser.wait("document.querySelectorAll('.arrow.fin.right').length === 2");
    let names = "[...document.querySelectorAll('.head b')].map(name => name.textContent).join()";
    let names = browser.eval(names);
    assert!(names.starts_with("04_client #1,03_server #1,127.0.0.1:"), "{names}");
    assert!(names.ends_with(",03_server #2"), "{names}");
    let lines = "document.querySelectorAll('.line.l:not(.dashed)').length > 8";
    assert_eq!(browser.eval(lines), "true", "the lifelines of two traced ends");
    let labels =
        "[...document.querySelectorAll('.arrow')].map(arrow => arrow.textContent).join('|')";
    let labels = browser.eval(labels);
    for label in ["connect", "\"Hello, this is server!\\n\\r\" 24 B", "\"Bye!\\n\\r\" 6 B", "FIN"] {
        assert!(labels.contains(label), "{label}: {labels}");
    }
    let rows = browser.eval("document.querySelector('.layer').innerText");
    // nc ends second. It may have ended at the same moment as the server, and so may the client of ours: then nobody can tell
    // who pays.
    let left = rows.split(" here: ").skip(1).map(|rest| rest.split(' ').next());
    let left: Vec<usize> = left.filter_map(|seconds| seconds?.parse().ok()).collect();
    assert!((2..=3).contains(&left.len()), "{rows}");
    assert!(left.iter().all(|left| (1..=120).contains(left)), "{rows}");

    // Who makes the terminals smaller, by their lower edge, has more rows.
    let height = "document.querySelector('.rows').offsetHeight";
    let before: usize = browser.eval(height).parse().expect("pixels");
    let terminals = "getComputedStyle(document.querySelector('.terminals'))";
    assert_eq!(browser.eval(&format!("{terminals}.resize")), "vertical");
    browser.eval("document.querySelector('.terminals').style.height = '90px'");
    browser.wait(&format!("{height} > {}", before + 60));
    browser.eval("document.querySelector('.terminals').style.height = ''");

    // An event is selected, by keys alone: its bytes, as text and as hex, and the line of the program.
    browser.eval("document.querySelector('.rows').focus({ focusVisible: true })");
    browser.type_in("\u{e011}"); // Home
    browser.wait("document.querySelector('.row.selected')?.dataset.row === '0'");
    let mut row = 0;
    while browser.eval("!!document.querySelector('.row.selected .arrow.data.right')") == "false" {
        browser.type_in("\u{e015}"); // down
        browser.wait(&format!("document.querySelector('.row.selected').dataset.row > {row}"));
        row = browser.eval("document.querySelector('.row.selected').dataset.row").parse().unwrap();
    }
    let inspector = "document.querySelector('.inspector').innerText";
    browser.wait(&format!("{inspector}.includes('hello, this is client!')"));
    browser.wait("document.querySelector('.lines .hit')?.innerText.includes('write')");
    browser.type_in("x");
    browser.wait(&format!("{inspector}.includes('68 65 6c 6c 6f')"));
    browser.type_in("x");
    browser.wait("document.querySelectorAll('.row.mate').length === 1");

    // Back in time, and on.
    browser.type_in("\u{e00c}\u{e012}"); // Escape, left
    browser.wait("!document.querySelector('.layer').innerText.includes('03_server #2 closes') && document.querySelector('.pri').innerText === 'Play'");
    browser.click("[data-act=end]");
    browser.wait("document.querySelector('.pri').innerText === 'Replay'");
    // The slider leads to any event.
    browser.eval("document.querySelector('.scrub input').value = 2");
    browser.eval("document.querySelector('.scrub input').dispatchEvent(new Event('input'))");
    assert_eq!(browser.eval("document.querySelector('.scrub input').value"), "2");
    browser.wait("document.querySelector('.pri').innerText === 'Play' && !document.querySelector('.layer').innerText.includes('03_server #2 closes')");
    browser.click("[data-act=end]");
    browser.wait("document.querySelector('.pri').innerText === 'Replay'");
    let moving =
        "document.querySelectorAll('.cursor').length + ' ' + document.getAnimations().length";
    assert_eq!(browser.eval(moving), "1 0", "nothing moves for who does not want it");
    is_quiet(&browser);
    keep(&browser, "workbench_lesson.png");

    // On a phone the stage takes the place of the text, and shows one conversation; nothing is wider than the screen.
    show(&browser, 375, 667, "dark");
    browser.wait("document.querySelectorAll('.head b').length === 2");
    browser.wait("document.documentElement.scrollWidth <= 375");
    browser.wait(&format!("{height} > 100"));
    browser.wait("getComputedStyle(document.body).backgroundColor === 'rgb(14, 18, 22)'");
    browser.click("[data-only][aria-pressed=false]");
    browser.wait("document.activeElement.matches('[data-only][aria-pressed=true]')"); // and so in sight
    browser.wait("document.querySelector('.stage').offsetHeight > 400 && document.querySelector('article').offsetHeight === 0");
    browser.click(".phone button");
    browser.wait("document.querySelector('article').offsetHeight > 400 && document.querySelector('.stage').offsetHeight === 0");
    assert_eq!(browser.eval("document.documentElement.scrollWidth <= 375"), "true");
    is_quiet(&browser);

    // On the page of the wire a socket is hidden and shown again by keys alone.
    show(&browser, 1440, 900, "light");
    browser.go(&format!("{}/en/wire.html", workbench.at));
    browser.wait("document.querySelectorAll('.socket input').length > 2 || document.querySelectorAll('.row').length > 0");
    browser.eval("document.querySelector('.socket input').focus()");
    for checked in [false, true] {
        browser.type_in(" ");
        browser.wait(&format!(
            "document.activeElement.matches('.socket input') && document.activeElement.checked === {checked}"
        ));
    }
    is_quiet(&browser);
}

#[test]
#[ignore = "starts a browser"]
fn a_client_is_typed_into_in_chinese() {
    let Some(_) = peer("nc") else { return };
    let Some((browser, workbench)) = opened("live-typed") else { return };
    browser.go(&format!("{}/en/03_server.html", workbench.at));
    browser.click("#language");
    browser
        .wait("location.pathname === '/zh/03_server.html' && document.readyState === 'complete'");
    browser.wait("document.querySelector('.run').innerText.includes('运行')");
    let client = ".terminal[data-terminal='2']";
    browser.wait("!!document.querySelector('.tab[aria-pressed=true]')");
    // What follows a guess is folded until one has guessed.
    let button = "document.querySelector('.fold:has([data-run]) summary')";
    assert_eq!(browser.eval(&format!("{button}.innerText")), "我猜好了，看看结果");
    let run = "document.querySelector('.fold [data-run]')";
    assert_eq!(browser.eval(&format!("{run}.checkVisibility()")), "false");
    browser.eval(&format!("{button}.click()"));
    browser.wait(&format!("{run}.checkVisibility()"));
    browser.eval("[...document.querySelectorAll('[data-run]')].find(one => one.dataset.run === '10').click()");
    browser.wait(&format!("document.querySelector(\"{client} input\")?.disabled === false"));
    browser.eval(&format!("document.querySelector(\"{client} input\").focus()"));
    browser.type_in(&format!("one{ENTER}"));
    browser.wait(&format!("document.querySelector(\"{client} u\")?.innerText === 'one⏎'"));
    browser.wait(&format!("document.querySelector(\"{client} pre\").innerText.includes('Bye!')"));
    browser.click(&format!("{client} [data-end]"));
    browser.wait(&format!("document.querySelector(\"{client} .state\").innerText === '已结束'"));
    browser.click("header [data-stop]");
    browser.wait("document.querySelector('.badge').innerText.startsWith('已结束')"); // perhaps a port was taken
    is_quiet(&browser);
}

#[test]
#[ignore = "starts a browser"]
fn output_that_differs_from_the_page_is_marked() {
    let Some((browser, workbench)) = opened("live-differs") else { return };
    let lesson = "# 22 · Own\n\n## Count\n\n```console\n$ seq 7 \\\n> 9\n7\neight\n9\n```\n";
    fs::write(workbench.home.path("lessons/22_own.md"), lesson).expect("writable");
    browser.go(&format!("{}/en/22_own.html", workbench.at));
    browser.wait("document.querySelector('.tab').innerText === 'Count'");
    browser.type_in("r");
    browser.wait("document.querySelector('.terminal .state').innerText === 'ended'");
    let marked = "[...document.querySelectorAll('.differs')].map(one => one.innerText).join('|')";
    browser.wait(&format!("{marked} === '8 the page says: eight'"));
    let commands = "[...document.querySelectorAll('.terminal .p, .terminal b')].map(one => one.innerText).join('')";
    assert_eq!(browser.eval(commands), "$ seq 7 \\> 9");
    // What was heard is kept while there is no answer.
    let Workbench { program, home, port, .. } = workbench;
    program.kill();
    browser.wait("document.querySelector('#link.off')?.textContent.startsWith('No answer since')");
    assert_eq!(browser.eval(marked), "8 the page says: eight");
    let _again = Workbench::open_with(home, &["--port", &port.to_string()]);
    browser.wait("document.querySelector('#link').textContent === 'this machine only'");
    browser.type_in("r");
    browser.wait("document.querySelector('.badge').innerText === 'ended'");
    browser.wait(&format!("{marked} === '8 the page says: eight'"));
}

#[test]
#[ignore = "starts a browser"]
fn what_was_run_last_is_shown_in_every_tab_and_after_it_was_left() {
    let Some((browser, workbench)) = opened("live-tabs") else { return };
    let lesson = "# 22 · Own\n\n## Repeat\n\n```console\n$ cat\none⏎\none\n```\n\n## Count\n\n```console\n$ seq 7 9\n7\n8\n9\n```\n";
    fs::write(workbench.home.path("lessons/22_own.md"), lesson).expect("writable");
    let page = format!("{}/en/22_own.html", workbench.at);
    let has = |printed: &str, state: &str| {
        browser.wait(&format!(
            "document.querySelector('.terminal pre').innerText === {printed:?} && document.querySelector('.terminal .state').innerText === {state:?}"
        ));
    };
    let type_line = |line: &str| {
        browser.eval("document.querySelector('.terminal input').focus()");
        browser.type_in(&format!("{line}{ENTER}"));
    };
    browser.go(&page);
    browser.click("[data-run='1']");
    has("$ cat\n", "running");
    type_line("one");
    has("$ cat\none⏎\none\n", "running");
    // It is left for what another block runs in, …
    browser.click(".tab:not([aria-pressed=true])");
    has("", "");
    assert_eq!(browser.eval("document.querySelector('header [data-stop]').hidden"), "true");
    browser.click(".tab:not([aria-pressed=true])");
    has("$ cat\none⏎\none\n", "running");
    assert_eq!(browser.eval("document.querySelector('header [data-stop]').hidden"), "false");
    // … and for another page.
    browser.go(&format!("{}/en/wire.html", workbench.at));
    browser.go(&page);
    has("$ cat\none⏎\none\n", "running");
    type_line("two");
    let both = "$ cat\none⏎\none\ntwo⏎\ntwo\n";
    has(both, "running");
    // A second tab shows the same; and what is run there, the first one shows.
    let first = browser.tab();
    browser.open_tab();
    browser.go(&page);
    has(both, "running");
    browser.click("[data-run='2']");
    let counted = "$ seq 7 9\n7\n8\n9\n";
    has(counted, "ended");
    browser.go_to_tab(&first);
    has(counted, "ended");
    browser.click(".tab:not([aria-pressed=true])");
    browser.wait("document.querySelector('.terminal .state').innerText.startsWith('ended: ')");
    has(both, &browser.eval("document.querySelector('.terminal .state').innerText"));
    is_quiet(&browser);
}

#[test]
#[ignore = "starts a browser"]
fn an_exercise_is_solved_by_saving() {
    let Some((browser, workbench)) = opened("live-exercise") else { return };
    browser.go(&format!("{}/en/exercise_03.html", workbench.at));
    let rules = |class: &str| {
        format!(
            "[...document.querySelectorAll('.task li.{class} strong')].map(one => one.innerText).join()"
        )
    };
    browser.wait("document.querySelector('.card-head.bad')?.innerText === 'A rule is broken'");
    assert_eq!(browser.eval(&rules("broken")), "half-a-line");
    assert_eq!(browser.eval(&rules("kept")), "greets");
    assert_eq!(browser.eval("document.querySelectorAll('.transcript .fault').length"), "1");
    keep(&browser, "workbench_exercise.png");
    browser.type_in("h");
    browser.wait("document.querySelectorAll('.hint').length === 1");
    browser.type_in("h");
    browser.wait("document.querySelectorAll('.hint').length === 2");
    assert_eq!(browser.eval("document.querySelector('#solution').hidden"), "true");
    // What is to be read again is a section of the lesson. The hints are still there after it.
    browser.click(".card .muted a");
    browser.wait("location.pathname.endsWith('/en/03_server.html') && document.getElementById(decodeURIComponent(location.hash.slice(1)))?.tagName[0] === 'H'");
    browser.go(&format!("{}/en/exercise_03.html", workbench.at));
    assert_eq!(browser.eval("document.querySelectorAll('.hint').length"), "2");
    browser.wait("document.querySelector('.card-head.bad')?.innerText === 'A rule is broken'");

    // The verdict is in sight also for one who reads the hints.
    browser.eval("scrollTo(0, 1e6)");
    browser.wait("scrollY > 200");
    fs::write(workbench.home.path(MINE), "fn main() { no }").expect("writable");
    browser.wait("document.querySelector('.card').innerText.includes('cannot find value')");
    let top = "document.querySelector('.card-head').getBoundingClientRect().top";
    assert_eq!(browser.eval(&format!("{top} > 0 && {top} < innerHeight / 2")), "true");

    let solution = workbench.home.path("tests/exercises/03_server/solution.rs");
    fs::copy(solution, workbench.home.path(MINE)).expect("writable");
    browser.wait("document.querySelector('.card-head.good')?.innerText === 'Every rule is kept'");
    // It was judged when the page was opened, and at two saves; once more if the page was away for long.
    let saves = browser.eval("document.querySelectorAll('.save').length");
    assert!(["3", "4"].contains(&&*saves), "{saves}");
    assert_eq!(browser.eval("document.querySelectorAll('.task li.kept').length > 3"), "true");
    let next = "document.querySelector('.card .pri').getAttribute('href')";
    assert_eq!(browser.eval(next), "04_client.html");
    browser.wait("!document.querySelector('#solution').hidden && document.querySelector('#solution code').textContent.includes('create_server')");

    // What was judged before can be looked at again; single keys can be switched off.
    browser.click(".save");
    browser.wait("document.querySelector('.card-head').innerText === 'A rule is broken'");
    browser.type_in("?");
    browser.wait("document.querySelector('dialog').open");
    browser.click("dialog input");
    browser.click("dialog form button");
    browser.wait("!document.querySelector('dialog').open");
    browser.eval("document.activeElement.blur()");
    browser.type_in("h?");
    assert_eq!(browser.eval("document.querySelector('dialog').open"), "false");
    assert_eq!(browser.eval("document.querySelectorAll('.hint').length"), "2");
    is_quiet(&browser);

    // The page survives the workbench: it is judged at each save again.
    let Workbench { program, home, port, .. } = workbench;
    program.kill();
    browser.wait("document.querySelector('#link.off')?.textContent.startsWith('No answer since')");
    let again = Workbench::open_with(home, &["--port", &port.to_string()]);
    browser.wait("document.querySelector('#link').textContent === 'this machine only'");
    fs::write(again.home.path(MINE), "fn main() { never }").expect("writable");
    browser.wait("document.querySelector('.card').innerText.includes('cannot find value')");
}

#[test]
#[ignore = "starts a browser"]
fn a_program_that_prints_much_does_not_freeze_the_page() {
    let Some((browser, workbench)) = opened("live-much") else { return };
    let lesson = "# 22 · Own\n\n## Count\n\n```console\n$ seq 1 60000\n1\n…\n```\n";
    fs::write(workbench.home.path("lessons/22_own.md"), lesson).expect("writable");
    browser.go(&format!("{}/en/22_own.html", workbench.at));
    browser.click("[data-run='1']");
    browser.wait("document.querySelector('.terminal pre').innerText.endsWith('\\n60000\\n')");
    browser.wait("document.querySelector('.terminal .state').innerText === 'ended'");
    is_quiet(&browser);
}

#[test]
#[ignore = "starts a browser"]
fn a_lesson_is_readable_without_scripts() {
    let Some((browser, workbench)) = opened("live-off") else { return };
    browser.devtools("Emulation.setScriptExecutionDisabled", r#"{"value":true}"#);
    browser.go(&format!("{}/zh/03_server.html", workbench.at));
    browser.wait("document.querySelector('article').innerText.length > 2000");
    assert_eq!(browser.eval("document.querySelector('.stage').checkVisibility()"), "false");
    assert_eq!(browser.eval("document.querySelector('article').offsetWidth > 500"), "true");
    browser.wait("document.querySelector('noscript').innerText.includes('JavaScript')");
    browser.click(".guess + .fold summary");
    browser.wait("document.querySelector('.fold').open");
}

/// Keeps a picture of what the browser shows, for README, if it was asked to by `NET_NOTES_PICTURES=1`.
fn keep(browser: &Driver, name: &str) {
    if std::env::var_os("NET_NOTES_PICTURES").is_some() {
        let picture = crate::common::root().join("lessons/pictures").join(name);
        fs::write(picture, browser.screenshot()).expect("writable");
    }
}
