//! `websocket`, and Server-Sent Events on `http`, with clients by other authors: Chromium, Node's
//! `WebSocket`, Python's `websockets`. (Raw frames are in `websocket.rs`.)

use super::serving;
use crate::common;

use common::{Program, peer, python_with};
use net::websocket::{Message, Options, WebSocket};
use net_notes as net;
use serving::{next, server};

/// An echo that also obeys a few commands.
fn obliging(socket: &WebSocket) {
    socket.on_message(|socket, message| match message {
        Message::Text("ping me") => _ = socket.ping("are you there?"),
        Message::Text("close") => socket.close(4000, "你要的"),
        Message::Text("much") => _ = socket.send_binary(vec![7; 1 << 20]),
        Message::Text(text) => _ = socket.send_text(text),
        Message::Binary(data) => _ = socket.send_binary(data),
    });
    socket.on_pong(|socket, data| _ = socket.send_text(String::from_utf8_lossy(data)));
}

/// The actions and the output of every client.
const CONVERSATION: &str = r#"
    const say = typeof document == 'undefined' ? console.log : (...words) => { said.textContent += words.join(' ') + '\n' };
    const socket = new WebSocket(URL_OF_SERVER);
    socket.binaryType = 'arraybuffer';
    const next = () => new Promise(done => { socket.onmessage = message => done(message.data) });
    socket.onerror = () => say('error');
    socket.onclose = close => { say('closed', close.code, close.reason, close.wasClean); said_all = true };
    socket.onopen = async () => {
        for (const text of ['hello', '你好 😀', '', 'x'.repeat(100000)]) {
            const answer = next();
            socket.send(text);
            say(text.length, await answer === text);
        }
        let answer = next();
        socket.send(new Uint8Array([0, 128, 255]));
        say(new Uint8Array(await answer).join());
        answer = next();
        socket.send('ping me');
        say(await answer);
        answer = next();
        socket.send('much');
        say((await answer).byteLength);
        socket.send('close');
    };
"#;

const SAID: &str = "5 true\n5 true\n0 true\n100000 true\n0,128,255\nare you there?\n1048576\nclosed 4000 你要的 true\n";

#[test]
fn nodes_websocket() {
    let Some(node) = peer("node") else { return };
    let (server, told) = server(Options::default(), obliging);
    let url = format!("'ws://127.0.0.1:{}/'", server.port());
    let script = format!("let said_all; {}", CONVERSATION.replace("URL_OF_SERVER", &url));
    // Built in since Node 22; Node 20 has it behind this option.
    let options = ["--experimental-websocket", "--no-warnings", "-e", &script];
    let (status, printed, errors) = Program::start(node, &options).wait();
    assert!(status.success(), "{errors}");
    assert_eq!(printed, SAID, "{errors}");
    let closed = next(&told);
    assert_eq!((closed.code, closed.was_clean), (4000, true));
    server.close();
}

#[test]
fn pythons_websockets() {
    let Some(python) = python_with("websockets") else { return };
    let script = r#"
import asyncio, sys, websockets
async def main():
    async with websockets.connect(sys.argv[1], max_size=None, compression='deflate') as socket:
        for text in ['hello', '你好 😀', '', 'x' * 100000]:
            await socket.send(text)
            print(len(text), await socket.recv() == text)
        await socket.send(bytes([0, 128, 255])); print(list(await socket.recv()))
        await socket.send(part for part in ['in ', '', 'three ', 'parts']); print(await socket.recv())
        await socket.send('ping me'); print(await socket.recv())
        await asyncio.wait_for(await socket.ping('and you?'), 20); print('pong')
        await socket.send('much'); print(len(await socket.recv()))
        await socket.send('close')
        try: await socket.recv()
        except websockets.ConnectionClosed as closed: print(closed.code, closed.reason)
    async with websockets.connect(sys.argv[1]) as socket:
        await socket.close(1001, 'bye'); print(socket.close_code)
    async with websockets.connect(sys.argv[1]) as socket:
        await socket.send('x' * (1 << 20) + 'x')
        try: await socket.recv()
        except websockets.ConnectionClosed as closed: print(closed.code, closed.reason)
asyncio.run(main())
"#;
    let (server, told) = server(Options::default(), obliging);
    let url = format!("ws://127.0.0.1:{}/", server.port());
    let (status, printed, errors) = Program::start(python, &["-c", script, &url]).wait();
    assert!(status.success(), "{errors}");
    let expected = "5 True\n4 True\n0 True\n100000 True\n[0, 128, 255]\nin three parts\nare you there?\npong\n1048576\n4000 你要的\n1001\n1009 a frame larger than the limit\n";
    assert_eq!(printed, expected, "{errors}");
    let closed = [next(&told), next(&told), next(&told)];
    assert_eq!(closed.map(|closed| closed.code), [4000, 1001, 1009]);
    server.close();
}

/// Browsers are searched for on Unix only.
#[cfg(unix)]
use crate::common::browser;

#[cfg(unix)]
mod in_a_browser {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::http::running::Running;
    use net::http::Response;
    use net::websocket;

    /// A page that shows the data of both kinds of live connection.
    const PAGE: &str = "<!doctype html><meta charset=utf-8><title>live</title><pre id=said></pre><pre id=events></pre>
<script>let said_all = false;
const URL_OF_SERVER = 'ws://' + location.host + '/socket';
const until = async fact => { while (!fact()) await new Promise(done => setTimeout(done, 10)) };
const source = new EventSource('/events');
const show = event => { events.textContent += event.type + ' ' + event.lastEventId + ' ' + event.data + '\\n' };
source.onmessage = show;
source.addEventListener('named', show);
CONVERSATION
</script>";

    /// Server-Sent Events need no module: text that continues, in a format of four lines.
    #[test]
    #[ignore = "starts a browser"]
    fn chromium_opens_both_and_comes_back() {
        let Some(mut browser) = browser::Browser::start() else { return };
        let (give, given) = channel::<(Option<String>, Response)>();
        let (tell, told) = channel();
        let shared = Mutex::new((give, tell));
        let page = PAGE.replace("CONVERSATION", CONVERSATION);
        let server = Running::new(move |request, response| match request.path() {
            "/" => {
                response.header("Content-Type", "text/html; charset=utf-8").end_with(&page);
            }
            "/events" => {
                let last = request.header("last-event-id").map(str::to_string);
                response.header("Content-Type", "text/event-stream").flush_headers();
                shared.lock().expect("no panic").0.send((last, response)).expect("the test waits");
            }
            "/socket" => {
                let tell = shared.lock().expect("no panic").1.clone();
                websocket::upgrade(&request, response, move |socket| {
                    socket.on_close(move |_, closed| tell.send(closed.clone()).expect("told"));
                    obliging(socket);
                });
            }
            _ => response.status(404).end(),
        });
        browser.open(&server.url("/")).expect("a page");

        let (last, response) = next(&given);
        assert_eq!(last, None);
        response.write("retry: 10\n\n");
        response
            .write("id: 7\ndata: one\ndata: 两\n\n: a remark\n\nevent: named\nid: 8\ndata:x\n\n");
        browser.value("until(() => events.textContent.includes('named'))");
        assert_eq!(browser.value("events.textContent"), "message 7 one\n两\nnamed 8 x\n");
        // The stream ends, and the browser requests it again, with the last event that it has seen.
        response.end();
        let (last, response) = next(&given);
        assert_eq!(last.as_deref(), Some("8"));
        response.write("id: 9\ndata: again\n\n");
        browser.value("until(() => events.textContent.includes('again'))");

        browser.value("until(() => said_all)");
        assert_eq!(browser.value("said.textContent"), SAID);
        let closed = next(&told);
        assert_eq!((closed.code, closed.was_clean), (4000, true));

        // A reader who leaves the page closes the connection.
        let (tell, gone) = channel();
        response.on_close(move || tell.send(()).expect("the test waits"));
        browser.value(
            "(window.second = new WebSocket(URL_OF_SERVER), new Promise(done => second.onopen = done))",
        );
        browser.open("about:blank").expect("a page");
        next(&gone);
        assert_eq!(next(&told).code, 1001);
        drop(response);
        drop(browser);
        server.close();
    }
}
