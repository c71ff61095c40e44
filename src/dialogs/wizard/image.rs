//! Getting the image that agents in containers run from: the file or folder is asked for, and while the engine works its
//! newest word is shown.

use std::os::unix::ffi::OsStrExt;

use airhatch_wire::warden::{self, ImageSource};
use airhatch_wire::{Blob, Code, Failure, Untrusted};
use ratatui::text::{Line, Span};

use super::{Step, Wizard};
use crate::dialogs::paths_of;
use crate::keymap::Action;
use crate::model::{Setting, Tone};
use crate::msg::{Effect, Now, Ticket};
use crate::text::wizard as words;
use crate::update::Turn;
use crate::widgets::{Entry, Form, Sheet, fit};

/// How long one sign of what turns is shown, milliseconds.
const TURN: u64 = 250;

/// What turns.
const SIGNS: [&str; 4] = ["|", "/", "-", "\\"];

/// What an image can be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Material {
    /// A file that an engine saved it in.
    Archive,
    /// A folder of sources.
    Sources,
}

/// The form, and what is under way.
#[derive(Debug)]
pub(super) struct Getting {
    material: Material,
    /// The only field is the path.
    pub(super) form: Form,
    work: Option<Work>,
}

#[derive(Debug)]
struct Work {
    ticket: Ticket,
    began: u64,
    line: Untrusted<String>,
}

impl Wizard {
    /// Whether the engine works on an image.
    pub(super) fn is_getting(&self) -> bool {
        self.getting_ticket().is_some()
    }

    /// The ticket of that work.
    pub(super) fn getting_ticket(&self) -> Option<Ticket> {
        self.getting.as_ref().and_then(|getting| getting.work.as_ref()).map(|work| work.ticket)
    }

    /// Has the engine make an image of what was typed.
    pub(super) fn get_image(&mut self, turn: &mut Turn<'_>) {
        let Some(getting) = &mut self.getting else { return };
        if let Ok(source) = getting.source(&turn.model.setting) {
            getting.begin(turn.prepare(source), turn.model.now);
        }
    }

    /// Stops the work, or goes back to the choice.
    pub(super) fn call_off(&mut self, turn: &mut Turn<'_>) {
        match self.getting_ticket() {
            Some(ticket) => turn.effects.push(Effect::CancelPrepare(ticket)),
            None => self.step = Step::Seat,
        }
    }

    /// There is an image, or not.
    pub(super) fn got(&mut self, turn: &mut Turn<'_>, outcome: Result<warden::Reply, Failure>) {
        self.getting.iter_mut().for_each(|getting| getting.work = None);
        match outcome {
            Ok(warden::Reply::Engine(engine)) => {
                turn.model.say(Tone::Good, words::IMAGE_READY);
                self.seat.image_ready(engine);
                self.step = Step::Seat;
            }
            Ok(_) => self.problem = Some(Failure::new(Code::Internal, words::ODD_ANSWER)),
            // Whoever calls it off knows.
            Err(failure) => self.problem = Some(failure).filter(|failure| failure.code != Code::Cancelled),
        }
    }
}

impl Getting {
    /// Asks for the path.
    fn new(material: Material) -> Self {
        let (label, hint) = words::material(material == Material::Archive);
        Self { material, form: Form::new(vec![Entry::open(label, hint, "")]), work: None }
    }

    /// The form for this action, as it was left if it is the same one.
    pub(super) fn again(before: Option<Self>, action: Action) -> Self {
        let material = if action == Action::LoadImage { Material::Archive } else { Material::Sources };
        before.filter(|before| before.material == material).unwrap_or_else(|| Self::new(material))
    }

    /// What is to be made into an image.
    pub(super) fn source(&self, setting: &Setting) -> Result<ImageSource, Failure> {
        let path = paths_of(&self.form.text(0), setting).into_iter().next();
        let path =
            path.ok_or_else(|| Failure::new(Code::Invalid, words::NO_PATH).hint(words::NO_PATH_WHY))?;
        let path = Blob::from(path.as_os_str().as_bytes().to_vec());
        Ok(match self.material {
            Material::Archive => ImageSource::Archive(path),
            Material::Sources => ImageSource::Sources(path),
        })
    }

    /// The work begins.
    fn begin(&mut self, ticket: Ticket, now: Now) {
        self.work = Some(Work { ticket, began: now.tick, line: Untrusted::default() });
    }

    /// The engine says something.
    pub(super) fn hear(&mut self, line: Untrusted<String>) {
        if let Some(work) = &mut self.work {
            work.line = line;
        }
    }

    /// Milliseconds until the next sign turns up; nothing turns while nothing is done.
    pub(super) fn next_look(&self, now: Now) -> Option<u64> {
        self.work.as_ref().map(|work| TURN - now.tick.saturating_sub(work.began) % TURN)
    }

    /// The page: the form, or the work.
    pub(super) fn draw(&self, sheet: &mut Sheet, now: Now) {
        let theme = *sheet.theme();
        let Some(work) = &self.work else {
            sheet.text(words::material_why(self.material == Material::Archive));
            sheet.blank();
            return self.form.draw(sheet, true);
        };
        sheet.styled(words::getting(self.material == Material::Archive), theme.strong());
        sheet.text(words::getting_why(self.material == Material::Archive));
        sheet.blank();
        let turned = now.tick.saturating_sub(work.began) / TURN % 4;
        let sign = usize::try_from(turned).ok().and_then(|turned| SIGNS.get(turned)).copied().unwrap_or("|");
        let line = fit(&work.line.shown(), sheet.width().saturating_sub(2), theme.glyphs().cut);
        sheet.line(Line::from(vec![
            Span::styled(format!("{sign} "), theme.chosen()),
            Span::styled(line, theme.quiet()),
        ]));
        sheet.see_here();
        sheet.blank();
        sheet.choices(&[("Esc", words::CALL_OFF)]);
    }
}
