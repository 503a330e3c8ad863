//! A lesson: the text, and beside it, where programs can be run, the stage.

use net_notes::check::{Lang, Localized};

use super::Course;
use super::console::{self, Console};
use super::html::{self, Links};
use super::live::{self, Session};
use super::markdown::Block;
use super::shell;
use super::site::Place;

pub(super) fn main(course: &Course<'_>, place: &Place) -> Result<String, Localized> {
    let blocks = course.blocks(place)?;
    let links: Links<'_> = &|target| place.link(target);
    if !course.is_live() {
        return Ok(shell::article(&html::blocks(&blocks, links)));
    }
    let consoles = console::of_page(&blocks);
    let firsts = || consoles.iter().filter(|one| one.session == one.number);
    let sessions = firsts().map(|first| {
        let before = firsts().take_while(|one| one.number < first.number);
        let title = match before.filter(|one| one.heading == first.heading).count() {
            0 => first.heading.clone(),
            twins => format!("{} {}", first.heading, twins + 1),
        };
        Session { block: first.session, title }
    });
    let sessions: Vec<Session> = sessions.collect();
    Ok(format!(
        "<div class=\"split\">\n<article class=\"prose\">\n{}</article>\n{}</div>\n",
        with_bars(&text(&blocks, place.lang, links), &consoles, place.lang),
        live::stage(&sessions, place.lang),
    ))
}

/// Puts a bar above each console block: it names the terminal, and at the first block of a session it has the button that runs
/// all of them.
fn with_bars(text: &str, consoles: &[Console], lang: Lang) -> String {
    let (terminal, run) = (lang.pick("Terminal", "终端"), lang.pick("Run", "运行"));
    consoles.iter().fold(text.to_string(), |text, one| {
        let pre = format!("<pre data-block=\"{}\"", one.number);
        let button = match one.number == one.session {
            true => format!("<button type=\"button\" data-run=\"{}\">▶ {run}</button>", one.number),
            false => String::new(),
        };
        let bar = format!(
            "<div class=\"run\" data-session=\"{}\"><span>{terminal} {}</span>{button}</div>\n",
            one.session, one.terminal,
        );
        text.replacen(&pre, &(bar + &pre), 1)
    })
}

/// The text, with what follows a guess, up to the next heading or the next guess, folded until one has guessed.
fn text(blocks: &[Block], lang: Lang, links: Links<'_>) -> String {
    let guesses =
        |block: &Block| matches!(block, Block::Paragraph(text) if html::asks_for_a_guess(text));
    let ends = |block: &Block| guesses(block) || matches!(block, Block::Heading { .. });
    let mut text = String::new();
    let mut rest = blocks;
    while let Some((block, after)) = rest.split_first() {
        text.push_str(&html::blocks(std::slice::from_ref(block), links));
        rest = after;
        if guesses(block) {
            let (answer, after) = rest.split_at(rest.iter().position(ends).unwrap_or(rest.len()));
            rest = after;
            let button = lang.pick("I have guessed: show what happens", "我猜好了，看看结果");
            let answer = html::blocks(answer, links);
            if !answer.is_empty() {
                text.push_str(&format!(
                    "<details class=\"fold\"><summary>{button}</summary>\n{answer}</details>\n"
                ));
            }
        }
    }
    text
}
