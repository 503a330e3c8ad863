//! The command `lang`: says which language is spoken, or chooses another one.

use std::process::ExitCode;

use net_notes::check::Lang;

use super::context::Coach;
use super::language::{chosen, name};
use super::output::Voice;

impl Coach {
    /// Prints which language the coach speaks, and why.
    pub(super) fn lang(&self) -> ExitCode {
        let voice = &self.voice;
        let why = match chosen(&self.home) {
            Some(_) => voice.say("as you have chosen", "这是你选的"),
            None => voice.say("as your system is set", "跟随系统设置"),
        };
        self.print_as_is(&voice.say(
            format!("The language is English ({why}).\n用中文：cargo run -- lang zh"),
            format!("现在用的是中文（{why}）。\nIn English: cargo run -- lang en"),
        ))
    }

    /// Chooses this language for all later commands.
    pub(super) fn set_lang(&self, lang: Lang) -> ExitCode {
        let mut progress = match self.progress() {
            Ok(progress) => progress,
            Err(code) => return code,
        };
        if let Err(error) = progress.set_lang(name(lang)) {
            self.not_saved(&error);
            return ExitCode::FAILURE;
        }
        let coach = Coach { home: self.home.clone(), voice: Voice::new(lang, lang) };
        coach.print(
            lang.pick("English from now on. Next: cargo run", "从现在起说中文。下一步：cargo run"),
        )
    }
}
