//! The answers of the workbench, and the headers that all of them have.

use net_notes::http::Response;

use super::gate::Refusal;
use super::json::Object;
use crate::coach::pages::File;

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// Sets the headers of every answer. `host`: our name in the browser, for the WebSocket.
pub(super) fn protect(response: &Response, host: &str) {
    // Allows our own files only, no inline scripts or styles, and no frame in a page of another site.
    let policy = format!(
        "default-src 'self'; connect-src 'self' ws://{host} wss://{host}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    );
    response.header("Content-Security-Policy", &policy);
    response.header("X-Content-Type-Options", "nosniff");
    response.header("X-Frame-Options", "DENY");
    response.header("Referrer-Policy", "no-referrer");
    response.header("Cross-Origin-Resource-Policy", "same-origin");
    response.header("Cross-Origin-Opener-Policy", "same-origin");
    // Not cached by the browser either: its next user may not know the key.
    response.header("Cache-Control", "no-store");
}

/// The policy of a picture, which contains its style, and needs nothing else.
const SVG_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// Sends a file of the site.
pub(super) fn file(response: &Response, file: &File) {
    if file.kind == "image/svg+xml" {
        response.header("Content-Security-Policy", SVG_POLICY);
    }
    send(response, 200, file.kind, &file.bytes);
}

pub(super) fn send(response: &Response, status: u16, content_type: &str, body: &[u8]) {
    response.status(status).header("Content-Type", content_type).end_with(body);
}

pub(super) fn json(response: &Response, object: Object) {
    send(response, 200, JSON, object.end().as_bytes());
}

/// Answers a request of our own page that cannot be done.
pub(super) fn error(response: &Response, status: u16, why: &str) {
    send(response, status, JSON, Object::new().text("error", why).end().as_bytes());
}

/// Answers a refused request: a person reads the page, a script the status.
pub(super) fn refuse(response: &Response, refusal: Refusal, method: &str) {
    let (status, en, zh) = match refusal {
        Refusal::Host => (
            403,
            "This address is not one of the workbench. Use the one that it printed, or start it with --host NAME, if it has to be \
             reached by another name.",
            "这个地址不是练习台的地址。请用它启动时打印的地址；如果要用别的名字访问，启动时加上 --host 名字。",
        ),
        Refusal::Origin => (
            403,
            "A page of another site has sent this request, so it was not answered.",
            "这个请求是别的网站的页面发来的，所以不予处理。",
        ),
        Refusal::Key => (
            403,
            "The workbench has a key, and this browser does not know it. Use the whole address that `cargo run -- open` printed, \
             with the key in it.",
            "练习台要有密钥才能进，这个浏览器还没有。请用 cargo run -- open 打印的完整地址，里面带着密钥。",
        ),
        Refusal::Method => {
            (405, "Only GET, HEAD and POST are answered.", "只接受 GET、HEAD 和 POST 请求。")
        }
        Refusal::ContentType => (
            415,
            "What is posted must be application/json.",
            "POST 的内容必须是 application/json。",
        ),
    };
    if status == 405 {
        response.header("Allow", "GET, HEAD, POST");
    }
    if method == "POST" {
        return error(response, status, en);
    }
    // The link is for a browser that has just received its cookie through a link on another site: it does not send the
    // cookie before a click on one of our pages.
    message(response, status, en, zh, refusal == Refusal::Key);
}

/// Answers a request for a page that is not there.
pub(super) fn no_page(response: &Response) {
    message(response, 404, "There is no such page.", "没有这一页。", true);
}

/// Sends a page with a sentence in both languages, and perhaps a link to the first page.
fn message(response: &Response, status: u16, en: &str, zh: &str, has_link: bool) {
    let link = if has_link { r#"<p><a href="/">net-notes</a></p>"# } else { "" };
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>net-notes: {status}</title>\
         <h1>{status}</h1><p>{en}</p><p lang=\"zh\">{zh}</p>{link}</html>\n"
    );
    send(response, status, HTML, page.as_bytes());
}
