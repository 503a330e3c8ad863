//! What is around every page: its head, the bar at the top.

use std::time::Duration;

use net_notes::check::{Lang, Localized};

use super::Course;
use super::assets::{ASSETS, Asset, Load};
use super::escape::escape;
use super::markdown::{Block, plain};
use super::site::{Page, Place};
use super::{keys, words};

/// How long this system keeps a connection in TIME_WAIT: RFC 9293 says twice the lifetime of a segment, and each system has its own.
const TIME_WAIT: Duration = Duration::from_secs(match () {
    () if cfg!(windows) => 120,
    () if cfg!(target_os = "macos") => 30,
    () => 60,
});

/// The whole page.
pub(super) fn page(course: &Course<'_>, place: &Place, main: &str) -> Result<String, Localized> {
    let lang = place.lang;
    let loaded = |asset: &&Asset| match asset.load {
        Load::Always => true,
        Load::Live => course.is_live(),
        Load::Imported => false,
    };
    let load = |asset: &Asset| {
        let path = place.to(&asset.path());
        match asset.load {
            _ if asset.name.ends_with(".svg") => {
                format!("<link rel=\"icon\" href=\"{path}\">\n")
            }
            _ if asset.name.ends_with(".css") => {
                format!("<link rel=\"stylesheet\" href=\"{path}\">\n")
            }
            Load::Always => format!("<script src=\"{path}\"></script>\n"),
            _ => format!("<script type=\"module\" src=\"{path}\"></script>\n"),
        }
    };
    let assets: String = ASSETS.iter().filter(loaded).map(load).collect();
    Ok(format!(
        "<!doctype html>
<html lang=\"{language}\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>{title}</title>
{assets}</head>
<body{data}>
{bar}
<main id=\"main\">
{off}{main}</main>
{live}</body>
</html>
",
        language = lang.pick("en", "zh-CN"),
        title = escape(&title(course, place)?),
        data = data(course, place),
        bar = bar(course, place),
        off = match &place.page {
            Page::Lesson(_) | Page::Exercise(_) if course.is_live() => lang.pick(
                "<noscript><p class=\"message\">JavaScript is off: the page can be read, and the terminal does the rest. Blocks run and programs are judged here only with it.</p></noscript>\n",
                "<noscript><p class=\"message\">没有启用 JavaScript：页面可以读，其他的在终端里做。启用以后，才能在这里运行和检查程序。</p></noscript>\n",
            ),
            _ => "",
        },
        live = match course.is_live() {
            true => keys::dialog(&place.page, lang) + &words::element(lang),
            false => String::new(),
        },
    ))
}

/// The page at the top of the site.
pub(super) fn languages() -> String {
    let links = [(Lang::En, "en", "English"), (Lang::Zh, "zh-CN", "中文")].map(|(lang, tag, name)| {
        let file = Place::new(lang, Page::Path).file();
        format!("<p><a class=\"btn\" lang=\"{tag}\" hreflang=\"{tag}\" href=\"{file}\">{name}</a></p>\n")
    });
    format!(
        "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>net-notes</title>
<link rel=\"icon\" href=\"assets/icon.svg\">
<link rel=\"stylesheet\" href=\"assets/page.css\">
<script src=\"assets/page.js\"></script>
</head>
<body>
<main class=\"prose\">
<h1>net-notes</h1>
{}</main>
</body>
</html>
",
        links.concat()
    )
}

/// A page that is text alone.
pub(super) fn article(html: &str) -> String {
    format!("<article class=\"prose\">\n{html}</article>\n")
}

/// The page's first heading, or what stands for one.
fn title(course: &Course<'_>, place: &Place) -> Result<String, Localized> {
    let lang = place.lang;
    let own = match &place.page {
        Page::Exercise(exercise) => format!("{} · {}", exercise.id(), exercise.title(lang)),
        Page::Wire => lang.pick("The wire", "网络").to_string(),
        Page::Source(file) => file.clone(),
        _ => match course.blocks(place)?.first() {
            Some(Block::Heading { text, .. }) => plain(text),
            _ => String::new(),
        },
    };
    Ok(format!("{own} · net-notes"))
}

/// What the scripts have to know of the page.
fn data(course: &Course<'_>, place: &Place) -> String {
    let page = match &place.page {
        Page::Path => "path",
        Page::About | Page::Teaching | Page::Source(_) => "text",
        Page::Lesson(_) => "lesson",
        Page::Exercise(_) => "exercise",
        Page::Wire => "wire",
    };
    let name = match &place.page {
        Page::Lesson(name) => name.as_str(),
        Page::Exercise(exercise) => exercise.id(),
        _ => "",
    };
    let live = match course.is_live() {
        true => format!(" data-live data-time-wait=\"{}\"", TIME_WAIT.as_secs()),
        false => String::new(),
    };
    format!(" data-page=\"{page}\" data-name=\"{name}\"{live}")
}

fn bar(course: &Course<'_>, place: &Place) -> String {
    let lang = place.lang;
    let tab = |page: Page, text: String| {
        let here = if page == place.page { " aria-current=\"page\"" } else { "" };
        format!("<a href=\"{}\"{here}>{text}</a>", place.to_page(page))
    };
    let mut tabs = vec![tab(Page::Path, lang.pick("Path", "路线").to_string())];
    if let Some(name) = lesson(course, place) {
        let id = &name[..2];
        let text = lang.pick(format!("Lesson {id}"), format!("第 {id} 课"));
        tabs.push(tab(Page::Lesson(name.clone()), text));
        if let Some(exercise) = Place::at(&format!("en/exercise_{id}.html")) {
            let text = lang.pick(format!("Exercise {id}"), format!("练习 {id}"));
            tabs.push(tab(exercise.page, text));
        }
    }
    if course.is_live() {
        tabs.push(tab(Page::Wire, lang.pick("Wire", "网络").to_string()));
    }
    tabs.push(tab(Page::About, lang.pick("About", "关于").to_string()));
    let live = if course.is_live() {
        let keys = lang.pick("Keys", "快捷键");
        let link = "<span class=\"link\" id=\"link\" role=\"status\"></span>";
        (link, format!("<button type=\"button\" id=\"keys\">{keys}</button>"))
    } else {
        ("", String::new())
    };
    format!(
        "<a class=\"skip\" href=\"#main\">{skip}</a>
<header class=\"top\"><a class=\"brand\" href=\"{path}\">net-notes</a>
<nav aria-label=\"{main}\">{tabs}</nav>{link}
<div class=\"tools\"><a class=\"tool\" id=\"language\" lang=\"{other}\" hreflang=\"{other}\" href=\"{translated}\">{name}</a>\
<button type=\"button\" id=\"theme\">{theme}</button>{keys}</div></header>",
        skip = lang.pick("To the text", "跳到正文"),
        path = place.to_page(Page::Path),
        main = lang.pick("Main", "主导航"),
        tabs = tabs.concat(),
        link = live.0,
        other = lang.pick("zh-CN", "en"),
        translated = place.to(&place.translated().file()),
        name = lang.pick("中文", "English"),
        theme = lang.pick("Theme", "主题"),
        keys = live.1,
    )
}

/// The lesson that the bar shows: the page's own, or the next one.
fn lesson(course: &Course<'_>, place: &Place) -> Option<String> {
    match &place.page {
        Page::Lesson(name) => Some(name.clone()),
        Page::Exercise(exercise) => Some(exercise.name.to_string()),
        _ => Some(course.progress?.next()?.name.to_string()),
    }
}

/// Minutes, as people say them.
pub(super) fn duration(minutes: u32, lang: Lang) -> String {
    let (hours, rest) = (minutes / 60, minutes % 60);
    match (hours, rest) {
        (0, _) => lang.pick(format!("{rest} min"), format!("{rest} 分钟")),
        (_, 0) => lang.pick(format!("{hours} h"), format!("{hours} 小时")),
        _ => lang.pick(format!("{hours} h {rest} min"), format!("{hours} 小时 {rest} 分")),
    }
}
