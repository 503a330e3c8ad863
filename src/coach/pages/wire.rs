//! The wire alone: what crosses it, of any program.

use net_notes::check::Lang;

use super::live;

pub(super) fn main(lang: Lang) -> String {
    format!(
        "<h1 class=\"hidden\">{title}</h1>\n{view}<noscript><p class=\"prose\">{off}</p></noscript>\n",
        title = lang.pick("The wire", "网络"),
        view = live::wire(lang),
        off = lang.pick(
            "JavaScript is off. Without it, see what crosses the wire with NET_TRACE=1 in a terminal.",
            "没有启用 JavaScript。不用它也能看：在终端里用 NET_TRACE=1。",
        ),
    )
}
