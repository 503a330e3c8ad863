//! The path: the parts of the course side by side, what is done, and what comes next.

use net_notes::check::Localized;

use super::Course;
use super::escape::escape;
use super::html;
use super::markdown::{Block, Inline, plain};
use super::shell::duration;
use super::site::{Page, Place};
use crate::coach::exercise::Exercise;
use crate::coach::exercises;

/// A row of the tables of `lessons/README.md`.
struct Lesson<'b> {
    name: String,
    title: String,
    minutes: u32,
    /// What one can do after it.
    after: &'b [Inline],
}

/// How a lesson stands.
#[derive(PartialEq)]
enum State {
    Done,
    Next,
    Open,
}

struct Part<'b> {
    title: &'b [Inline],
    id: &'b str,
    lessons: Vec<Lesson<'b>>,
}

pub(super) fn main(course: &Course<'_>, place: &Place) -> Result<String, Localized> {
    let blocks = course.blocks(place)?;
    let links = |target: &str| place.link(target);
    let parts_at = blocks.windows(2).position(|pair| part(place, pair).is_some());
    let (before, rest) = blocks.split_at(parts_at.unwrap_or(blocks.len()));
    let parts: Vec<Part<'_>> = rest.chunks(2).map_while(|pair| part(place, pair)).collect();
    let rest = &rest[parts.len() * 2..];
    let columns: String = parts.iter().map(|part| column(course, place, part)).collect();
    Ok(format!(
        "<div class=\"wrap\">
{next}<div class=\"prose\">
{before}</div>
<div class=\"parts\">
{columns}</div>
<div class=\"prose\">
{rest}</div>
</div>
",
        next = next(course, place, &parts),
        before = html::blocks(before, &links),
        rest = html::blocks(rest, &links),
    ))
}

/// A heading and the table of its lessons.
fn part<'b>(place: &Place, blocks: &'b [Block]) -> Option<Part<'b>> {
    let [Block::Heading { level: 3, text, id }, Block::Table { rows, .. }] = blocks else {
        return None;
    };
    let lessons: Option<Vec<_>> = rows.iter().map(|row| lesson(place, row)).collect();
    Some(Part { title: text, id, lessons: lessons.filter(|lessons| !lessons.is_empty())? })
}

fn lesson<'b>(place: &Place, row: &'b [Vec<Inline>]) -> Option<Lesson<'b>> {
    let [link, minutes, after] = row else { return None };
    let [Inline::Link { to, text }] = &link[..] else { return None };
    let folder = place.lang.pick("en", "zh");
    let Page::Lesson(name) = Place::at(&format!("{folder}/{}", place.link(to)))?.page else {
        return None;
    };
    let title = plain(text);
    let title = title.split_once(" · ").map_or(title.as_str(), |(_, title)| title).to_string();
    let minutes = plain(minutes).split('+').filter_map(|n| n.trim().parse::<u32>().ok()).sum();
    Some(Lesson { name, title, minutes, after })
}

fn exercise(lesson: &Lesson<'_>) -> Option<&'static Exercise> {
    exercises::all().iter().find(|one| one.name == lesson.name)
}

fn state(course: &Course<'_>, lesson: &Lesson<'_>) -> State {
    let (Some(progress), Some(exercise)) = (course.progress, exercise(lesson)) else {
        return State::Open;
    };
    match progress.next() {
        _ if progress.is_done(exercise) => State::Done,
        Some(next) if next.name == exercise.name => State::Next,
        _ => State::Open,
    }
}

fn column(course: &Course<'_>, place: &Place, part: &Part<'_>) -> String {
    let lang = place.lang;
    let links = |target: &str| place.link(target);
    let lessons: String = part.lessons.iter().map(|one| {
        let minutes = duration(one.minutes, lang);
        let (class, state) = match state(course, one) {
            State::Done => (" d", lang.pick("done", "完成").to_string()),
            State::Next => (" n", lang.pick("next", "下一课").to_string()),
            State::Open => ("", minutes),
        };
        format!(
            "<li><a class=\"les{class}\" data-id=\"{id}\" href=\"{href}\"><span class=\"no\">{id}</span><b>{title}</b><span class=\"st\">{state}</span><small>{after}</small></a></li>\n",
            id = &one.name[..2],
            href = place.to_page(Page::Lesson(one.name.clone())),
            title = escape(&one.title),
            after = html::inlines(one.after, &links),
        )
    }).collect();
    let minutes = part.lessons.iter().map(|one| one.minutes).sum();
    format!(
        "<section><h3 id=\"{}\">{} <span>{}</span></h3>\n<ol>\n{lessons}</ol></section>\n",
        escape(part.id),
        html::inlines(part.title, &links),
        duration(minutes, lang),
    )
}

/// What comes next, and how much is done.
fn next(course: &Course<'_>, place: &Place, parts: &[Part<'_>]) -> String {
    if !course.is_live() {
        return String::new();
    }
    let lang = place.lang;
    let lessons = || parts.iter().flat_map(|part| &part.lessons);
    let with_exercise = || lessons().filter(|one| exercise(one).is_some());
    let done = || with_exercise().filter(|one| state(course, one) == State::Done);
    let bars: String = with_exercise()
        .map(|one| match state(course, one) {
            State::Done => "<i class=\"d\"></i>",
            State::Next => "<i class=\"n\"></i>",
            State::Open => "<i></i>",
        })
        .collect();
    let banner = match lessons().find(|one| state(course, one) == State::Next) {
        Some(next) => banner(place, next),
        None => format!("<h2>{}</h2>", lang.pick("All exercises are done", "练习全部完成")),
    };
    let (some, all) = (done().count(), with_exercise().count());
    let minutes = |lessons: &mut dyn Iterator<Item = &Lesson<'_>>| {
        duration(lessons.map(|one| one.minutes).sum(), lang)
    };
    let (behind, total) = (minutes(&mut done()), minutes(&mut lessons()));
    format!(
        "<section class=\"next\" aria-label=\"{label}\">\n{banner}</section>\n<p class=\"bar\" aria-hidden=\"true\">{bars}</p>\n<p class=\"sum\"><span>{count}</span><span>{time}</span></p>\n",
        label = lang.pick("Next", "下一课"),
        count = lang.pick(
            format!("{some} of {all} exercises done"),
            format!("{all} 个练习，完成了 {some} 个"),
        ),
        time = lang.pick(format!("{behind} of {total}"), format!("共 {total}，已学 {behind}")),
    )
}

fn banner(place: &Place, lesson: &Lesson<'_>) -> String {
    let lang = place.lang;
    let id = &lesson.name[..2];
    let exercise = exercise(lesson).map_or_else(String::new, |exercise| {
        let (href, text) = (place.to_page(Page::Exercise(exercise)), lang.pick("Exercise", "练习"));
        format!("<a class=\"btn\" href=\"{href}\">{text}</a>")
    });
    format!(
        "<div><p class=\"eyebrow\">{next}</p><h2>{id} · {title}</h2><p class=\"muted\">{after}</p></div>
<p class=\"acts\">{exercise}<a class=\"btn pri\" href=\"{href}\">{open}</a></p>
",
        next = lang.pick("Next", "下一课"),
        title = escape(&lesson.title),
        after = html::inlines(lesson.after, &|target| place.link(target)),
        href = place.to_page(Page::Lesson(lesson.name.clone())),
        open = lang.pick("Open the lesson", "打开这一课"),
    )
}
