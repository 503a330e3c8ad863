//! An exercise: what is asked, and beside it, where it is judged, the verdict.

use net_notes::check::{Lang, Localized};

use super::Course;
use super::colour;
use super::escape::escape;
use super::html;
use super::live;
use super::markdown::{Block, plain};
use super::site::{Page, Place};
use super::verdict;
use crate::coach::exercise::Exercise;
use crate::coach::home::Home;

pub(super) fn main(
    course: &Course<'_>,
    place: &Place,
    exercise: &Exercise,
) -> Result<String, Localized> {
    let (lang, id) = (place.lang, exercise.id());
    let task =
        html::blocks(section(&course.blocks(place)?, lang.pick("Exercise", "练习")), &|to| {
            place.link(to)
        });
    let stub = course.read(&format!("tests/exercises/{}/stub.rs", exercise.name))?;
    let lesson = place.to_page(Page::Lesson(exercise.name.to_string()));
    let live = if let Some(progress) = course.progress {
        let hints = hints(course, place, exercise)?;
        let shown = progress.hints(exercise).min(hints.len());
        let next = next_hint(shown, hints.len(), lang);
        let help = live::help(&hints[..shown].concat(), next.as_deref(), lang);
        (
            format!("<div class=\"help\">\n{help}</div>\n"),
            format!(
                "<section class=\"verdict\" id=\"verdict\" aria-label=\"{}\"><div class=\"saves\"></div>\
                 <p class=\"muted\" role=\"status\"></p><div class=\"card\" aria-live=\"polite\">{}</div></section>\n",
                lang.pick("Verdict", "检查结果"),
                verdict::none(lang),
            ),
        )
    } else {
        Default::default()
    };
    let file = Home::short_file(exercise);
    Ok(format!(
        "<div class=\"ex\">
<article class=\"task\">
<p class=\"eyebrow\"><a href=\"{lesson}\">{of_lesson}</a></p>
<h1>{title}</h1>
{edit}{task}{hints}<details><summary>{begin}: <code>{file}</code></summary>
<pre id=\"file\"><code class=\"language-rust\">{stub}</code></pre>
</details>
</article>
{verdict}</div>
",
        of_lesson = lang.pick(format!("Exercise of lesson {id}"), format!("第 {id} 课的练习")),
        title = escape(&capital(exercise.title(lang))),
        edit = match course.is_live() {
            true => lang.pick(
                format!("<p>Edit <code>{file}</code> in your editor: each time you save it, it is judged here.</p>\n"),
                format!("<p>用你的编辑器改 <code>{file}</code>：每次保存，这里就检查一遍。</p>\n"),
            ),
            false => String::new(),
        },
        hints = live.0,
        begin = lang.pick("The file at the beginning", "文件最初的样子"),
        stub = colour::spans("rust", &stub),
        verdict = live.1,
    ))
}

/// A hint, and what the button says that shows the next one.
pub(crate) struct Hint {
    pub(crate) html: String,
    pub(crate) next: Option<String>,
}

/// The hint with this number, from 1. `None`: there is no such hint.
pub(crate) fn hint(
    course: &Course<'_>,
    place: &Place,
    exercise: &Exercise,
    number: usize,
) -> Result<Option<Hint>, Localized> {
    let mut hints = hints(course, place, exercise)?;
    let next = next_hint(number, hints.len(), place.lang);
    let is_one = (1..=hints.len()).contains(&number);
    Ok(is_one.then(|| Hint { html: hints.swap_remove(number - 1), next }))
}

fn next_hint(shown: usize, of: usize, lang: Lang) -> Option<String> {
    let next = shown + 1;
    let text = lang.pick(format!("Show hint {next} of {of}"), format!("看提示 {next}/{of}"));
    (next <= of).then_some(text)
}

/// All hints of an exercise.
fn hints(
    course: &Course<'_>,
    place: &Place,
    exercise: &Exercise,
) -> Result<Vec<String>, Localized> {
    let file = course.home.shown(&course.home.hints(exercise, place.lang));
    let blocks = course.parse(&file)?;
    // `# Hints for 03`, and then `## 1`, `## 2`, …
    let begins = |block: &Block| matches!(block, Block::Heading { level: 2, .. });
    let html = |hint| html::blocks(hint, &|to| place.link(to));
    let hint = |hint| format!("<div class=\"hint\">\n{}</div>\n", html(hint));
    Ok(blocks.split(begins).skip(1).map(hint).collect())
}

/// What stands under this heading.
fn section<'b>(blocks: &'b [Block], name: &str) -> &'b [Block] {
    let is_heading = |block: &Block, name: Option<&str>| match block {
        Block::Heading { level: 2, text, .. } => name.is_none_or(|name| plain(text) == name),
        _ => false,
    };
    let Some(at) = blocks.iter().position(|block| is_heading(block, Some(name))) else {
        return &[];
    };
    let rest = &blocks[at + 1..];
    let end = rest.iter().position(|block| is_heading(block, None)).unwrap_or(rest.len());
    &rest[..end]
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
