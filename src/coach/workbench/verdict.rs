//! A verdict for a page: in both languages, as tabs may have different ones.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, io};

use net_notes::check::{Failure, FailureParts, Lang, Localized, TranscriptLine};

use super::json::Object;
use crate::coach::advice::advice;
use crate::coach::exercise::Exercise;
use crate::coach::home::Home;
use crate::coach::judge::Outcome;
use crate::coach::pages;
use crate::coach::pages::markdown::slug;
use crate::coach::pages::site::{Page, Place, is_lesson};

/// The result of a check of the student's own program.
pub(super) struct Verdict {
    pub(super) exercise: &'static Exercise,
    pub(super) outcome: Outcome,
    pub(super) took: Duration,
    /// Whether the progress could be written, if there is any.
    pub(super) written: io::Result<()>,
}

/// The event that tells it.
pub(super) fn event(home: &Home, verdict: &Verdict) -> Object {
    let Verdict { exercise, outcome, took, written } = verdict;
    let (passed, rule, kept) = match outcome {
        Outcome::Passed(kept) => (true, None, &kept[..]),
        Outcome::Failed(failure, kept) => (false, Some(failure.rule().name), &kept[..]),
        Outcome::NotCompiled(_) => (false, Some("compiles"), &[][..]),
        Outcome::NotChecked(_) => (false, Some("can-be-checked"), &[][..]),
    };
    let event = about("verdict", exercise).text("name", exercise.name).flag("passed", passed);
    let event = event.maybe("rule", rule).json("seconds", &format!("{:.2}", took.as_secs_f64()));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let event = event.number("unix", now.as_millis() as u64);
    let event = event.texts("kept", kept.iter().copied());
    let next = next_lesson(home, exercise);
    [Lang::En, Lang::Zh].into_iter().fold(event, |event, lang| {
        let here = Place::new(lang, Page::Exercise(exercise));
        let told = match outcome {
            Outcome::Passed(_) => {
                let next = next.clone().map(|lesson| here.to_page(lesson));
                let unsaved = written.as_ref().err().map(|error| pages::unsaved(error, lang));
                let html = pages::verdict::passed(next.as_deref(), unsaved, lang);
                Object::new().text("html", &html)
            }
            Outcome::Failed(failure, _) => failed(home, &here, exercise, failure),
            Outcome::NotCompiled(message) => {
                let advice: Vec<String> = advice(message, lang).map(String::from).collect();
                let sentence = lang.pick("It does not compile yet.", "还没有编译通过。");
                let html = pages::verdict::not_compiled(message, &advice, lang);
                let told = Object::new().text("html", &html);
                let told = told.text("sentence", sentence).text("message", message);
                told.texts("advice", advice.iter().map(String::as_str))
            }
            Outcome::NotChecked(why) => not_checked(why, lang),
        };
        event.json(lang.pick("en", "zh"), &told.end())
    })
}

/// An event that is about an exercise.
pub(super) fn about(kind: &str, exercise: &Exercise) -> Object {
    Object::kind(kind).text("exercise", exercise.id())
}

fn not_checked(why: &Localized, lang: Lang) -> Object {
    let sentence = lang.pick("It could not be checked: ", "没法检查：").to_string();
    let sentence = sentence + why.in_lang(lang);
    let html = pages::verdict::not_checked(&sentence, lang);
    Object::new().text("html", &html).text("sentence", &sentence)
}

/// The page of the lesson that follows that of this exercise.
fn next_lesson(home: &Home, exercise: &Exercise) -> Option<Page> {
    let entries = fs::read_dir(home.root().join("lessons")).ok()?.filter_map(Result::ok);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let names = names.filter_map(|name| Some(name.strip_suffix(".md")?.to_string()));
    names.filter(|name| is_lesson(name) && **name > *exercise.name).min().map(Page::Lesson)
}

/// A rule is broken; `here` is the exercise's page.
fn failed(home: &Home, here: &Place, exercise: &Exercise, failure: &Failure) -> Object {
    let lang = here.lang;
    let parts = failure.parts(lang);
    let note =
        parts.wrong_byte.map(|at| lang.pick(format!("byte {at}"), format!("第 {at} 个字节")));
    let told = Object::new().text("sentence", &parts.rule).text("expected", &parts.expected);
    let told = told.text("came", &parts.actual);
    let told = match parts.caret {
        Some(caret) => told.number("caret", caret as u64),
        None => told.json("caret", "null"),
    };
    let told = told.maybe("note", note.as_deref());
    let again = home.section(exercise, failure, lang);
    let fault = fault(&parts);
    let told = told.text("again", &again);
    let section = slug(&home.heading(exercise, failure, lang));
    let href = here.to_page(Page::Lesson(exercise.name.to_string())) + "#" + &section;
    let told = told.text("html", &pages::verdict::failed(&parts, (&again, &href), fault, lang));
    let told = told.text("said", &failure.show(lang));
    let told = told.texts("stderr", parts.stderr.iter().map(String::as_str));
    let told = told.texts("meanwhile", parts.meanwhile.iter().map(String::as_str));
    told.objects(
        "transcript",
        parts.transcript.iter().enumerate().map(|(number, one)| {
            let at = format!("{:.3}", one.at.as_secs_f64() * 1000.0);
            let entry = Object::new().text("at", &at).text("who", &one.who).text("what", one.kind);
            entry.text("text", &one.text).flag("fault", Some(number) == fault)
        }),
    )
}

/// The line of the transcript that is what came in place of what was expected. `None`: nothing came, or it is not among the
/// lines.
fn fault(parts: &FailureParts) -> Option<usize> {
    let actual = parts.actual.lines().next().unwrap_or_default();
    if actual.starts_with('"') && !actual.ends_with('"') && parts.caret.is_none() {
        return None; // what came is right, and the rest is missing
    }
    // `← "Hello!\n" 7 B`
    let bytes = |text: &'_ str| {
        let range = text.find('"')?..text.rfind('"')? + 1;
        text.get(range).filter(|bytes| bytes.len() > 2).map(str::to_string)
    };
    let is_it = |one: &TranscriptLine| match one.kind {
        "received" | "prints" => {
            bytes(&one.text).is_some_and(|bytes| actual.contains(&bytes) || bytes.contains(actual))
        }
        "fin-received" | "reset-received" | "other" => !actual.starts_with('"'),
        _ => false,
    };
    let of_program = |one: &TranscriptLine| {
        matches!(one.kind, "received" | "fin-received" | "reset-received" | "prints" | "other")
    };
    let last = parts.transcript.iter().rposition(of_program);
    // Bytes may be an earlier line; an end, only the last one.
    let found = parts.transcript.iter().rposition(is_it)?;
    (actual.starts_with('"') || Some(found) == last).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coach::exercises;

    #[test]
    fn a_verdict_says_that_it_will_not_be_remembered() {
        let home = Home::new();
        let exercise = &exercises::all()[0];
        for fails in [false, true] {
            let written = if fails { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) };
            let (outcome, took) = (Outcome::Passed(Vec::new()), Duration::ZERO);
            let event = event(&home, &Verdict { exercise, outcome, took, written }).end();
            assert_eq!(event.contains("so this will not be remembered"), fails, "{event}");
            assert_eq!(event.contains("进度记不下来"), fails, "{event}");
        }
    }
}
