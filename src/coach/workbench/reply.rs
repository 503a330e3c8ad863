//! What every answer of the workbench has in common.

use net_notes::http::Response;

use super::gate::Refusal;
use super::json::Object;
use crate::coach::pages::File;

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// Sets the headers of every answer. `host`: how the browser calls us, for the WebSocket.
pub(super) fn protect(response: &Response, host: &str) {
    // Nothing but our own files, no scripts or styles inside of pages, and never inside of a page of somebody else's.
    let policy = format!(
        "default-src 'self'; img-src 'self' data:; connect-src 'self' ws://{host} wss://{host}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    );
    response.header("Content-Security-Policy", &policy);
    response.header("X-Content-Type-Options", "nosniff");
    response.header("X-Frame-Options", "DENY");
    response.header("Referrer-Policy", "no-referrer");
    response.header("Cross-Origin-Resource-Policy", "same-origin");
    response.header("Cross-Origin-Opener-Policy", "same-origin");
    // Also not kept by the browser: whoever uses it next may not know the key.
    response.header("Cache-Control", "no-store");
}

/// A picture has its style inside, and needs nothing else.
const SVG_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// A file of the site.
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

/// The answer to a request of a page of ours that cannot be done.
pub(super) fn error(response: &Response, status: u16, why: &str) {
    send(response, status, JSON, Object::new().text("error", why).end().as_bytes());
}

/// The answer to a request that may not come in: for a person, as a page; for a script, its status says enough.
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
    // The link is for a browser that has just got its cookie on a way that began at another site: it does not send it before
    // somebody clicks on a page of ours.
    let link = if refusal == Refusal::Key { r#"<p><a href="/">/</a></p>"# } else { "" };
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>net-notes: {status}</title>\
         <h1>{status}</h1><p>{en}</p><p lang=\"zh\">{zh}</p>{link}</html>\n"
    );
    send(response, status, HTML, page.as_bytes());
}
