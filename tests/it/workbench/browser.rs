//! The workbench in a real browser, as a student uses it, and as a stranger's page in the same
//! browser attacks it.

use net_notes::http;

use super::driver::Driver;
use super::opened::Workbench;

#[test]
#[ignore = "starts a browser"]
fn a_browser_is_led_in_and_the_page_obeys_its_policy() {
    let Some(browser) = Driver::start() else { return };
    let workbench = Workbench::open("browser");
    browser.go(&workbench.at);
    browser.wait("document.body.innerText.includes('cargo run -- open')");
    browser.go(&format!("{}/?key={}", workbench.at, workbench.key));
    assert_eq!(browser.eval("location.pathname + location.search"), "/en/index.html");
    assert_eq!(browser.eval("document.cookie"), "", "no script can read it");
    browser.go(&format!("{}/en/03_server.html", workbench.at));
    browser.wait("document.querySelector('h1').innerText.includes('03')");
    let _before = browser.console();
    browser.go(&format!("{}/zh/05_order.html", workbench.at)); // with pictures
    browser.wait("[...document.images].every(image => image.complete && image.naturalWidth > 0)");
    let said = browser.console();
    assert!(!said.contains("SEVERE"), "{said}");
}

/// The attempts of a stranger's page, to be evaluated there: `AT` is the workbench.
const ATTACK: &str = r#"
    window.results = [];
    const note = (name, promise) => promise.then(
        (value) => results.push(name + ': ' + value), (error) => results.push(name + ': refused'));
    const run = JSON.stringify({ page: '03_server', block: 1 });
    note('read', fetch('AT/en/03_server.html', { credentials: 'include' }).then((r) => r.text()));
    note('json', fetch('AT/api/run', { method: 'POST', credentials: 'include', body: run, headers: { 'Content-Type': 'application/json' } }).then((r) => r.status));
    note('opaque', fetch('AT/api/run', { method: 'POST', mode: 'no-cors', credentials: 'include', body: run }).then((r) => r.type));
    note('beacon', Promise.resolve(navigator.sendBeacon('AT/api/run', run)));
    note('socket', new Promise((done, fail) => {
        const socket = new WebSocket('AT/api/events'.replace('http', 'ws'));
        socket.onmessage = (event) => done(event.data);
        socket.onerror = fail;
    }));
    note('events', new Promise((done, fail) => {
        const source = new EventSource('AT/api/events', { withCredentials: true });
        source.onmessage = (event) => done(event.data);
        source.onerror = fail;
    }));
    note('script', new Promise((done, fail) => {
        const script = document.createElement('script');
        script.src = 'AT/assets/page.js';
        script.onload = () => done('loaded');
        script.onerror = fail;
        document.head.append(script);
    }));
    note('frame', new Promise((done) => {
        const frame = document.createElement('iframe');
        frame.src = 'AT/en/03_server.html';
        frame.onload = () => { try { done(frame.contentDocument.body.innerText) } catch { done('not readable') } };
        document.body.append(frame);
    }));
    const form = document.createElement('form');
    form.method = 'post';
    form.action = 'AT/api/run';
    form.enctype = 'text/plain';
    form.target = 'sink';
    form.innerHTML = '<input name=\'{"page":"03_server","block":1,"x":"\' value=\'"}\'>';
    const sink = document.createElement('iframe');
    sink.name = 'sink';
    note('form', new Promise((done) => { sink.onload = () => done('sent') }));
    document.body.append(sink, form);
    form.submit();
"#;

#[test]
#[ignore = "starts a browser"]
fn a_strangers_page_in_the_same_browser_can_do_nothing() {
    let Some(browser) = Driver::start() else { return };
    let workbench = Workbench::open("stranger");
    // A stranger's site, also on this machine: a browser sends the cookies of all ports of a host.
    let stranger = http::create_server(|_, response| {
        response
            .header("Content-Type", "text/html")
            .end_with("<!doctype html><title>x</title><body>");
    });
    stranger.listen(("127.0.0.1", 0), |_| {}).expect("free");
    let port = stranger.address().and_then(|address| address.port()).expect("listens");
    let running = stranger.spawn();
    // The student is logged in with this browser.
    browser.go(&format!("{}/?key={}", workbench.at, workbench.key));
    let mut tab = workbench.tab("03_server");
    tab.wait(&["\"kind\":\"progress\""]);
    for host in ["127.0.0.1", "localhost"] {
        browser.go(&format!("http://{host}:{port}/"));
        let attack = ATTACK.replace("AT/", &format!("{}/", workbench.at));
        browser.eval(&format!("(() => {{ {attack} }})()"));
        browser.wait("results.length === 9");
        let results = browser.eval("results.sort().join('\\n')");
        for refused in ["events", "json", "read", "script", "socket"] {
            assert!(results.contains(&format!("{refused}: refused")), "{host}:\n{results}");
        }
        assert!(
            !results.contains("In Rust") && !results.contains("progress"),
            "{host}:\n{results}"
        );
    }
    // And nothing was run: the first event is the one that is caused now.
    let session = workbench.run("03_server", 1);
    assert_eq!(session, 1);
    let first = tab.next("the first event");
    assert!(first.contains("\"session\":1"), "{first}");
    stranger.close().expect("it listens");
    stranger.close_all_connections();
    running.join().expect("no panic").expect("no error");
}
