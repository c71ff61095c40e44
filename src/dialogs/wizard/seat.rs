//! The page that asks where the agent shall run: what was found on this machine, what each choice protects, and which one
//! is taken.

use airhatch_wire::warden::{self, Engine, RuntimeKind};
use airhatch_wire::{Address, Code, Failure};
use ratatui::text::{Line, Span};

use crate::keymap::Action;
use crate::model::Ask;
use crate::msg::Ticket;
use crate::runtimes::{best, obstacle};
use crate::text::{self, wizard as words};
use crate::update::Turn;
use crate::widgets::Sheet;

/// The choices, in their order on the page.
const CHOICES: [RuntimeKind; 2] = [RuntimeKind::Container, RuntimeKind::Process];

/// What is known, and what was chosen.
#[derive(Debug, Default)]
pub(super) struct Seat {
    /// The engine, or why there is none; nothing while it is looked for.
    engine: Option<Result<Engine, Failure>>,
    asked: Option<Ticket>,
    /// What a person chose; else the best is taken.
    chosen: Option<RuntimeKind>,
}

impl Seat {
    /// Looks for the engine, unless it is known or being looked for.
    pub(super) fn look(&mut self, turn: &mut Turn<'_>) {
        let asking = self.asked.is_some_and(|ticket| turn.model.asked.contains_key(&ticket));
        if self.engine.is_none() && !asking {
            self.asked = Some(turn.ask_warden(Ask::Dialog, warden::Command::Engine));
        }
    }

    /// Looks again, whatever was found before.
    pub(super) fn look_again(&mut self, turn: &mut Turn<'_>) {
        self.engine = None;
        self.look(turn);
    }

    /// Whether this is the answer that is waited for.
    pub(super) fn waits_for(&self, ticket: Ticket) -> bool {
        self.asked == Some(ticket)
    }

    /// The engine is known now.
    pub(super) fn found(&mut self, outcome: Result<warden::Reply, Failure>) {
        self.asked = None;
        self.engine = Some(match outcome {
            Ok(warden::Reply::Engine(engine)) => Ok(engine),
            Ok(_) => Err(Failure::new(Code::Internal, words::ODD_ANSWER)),
            Err(failure) => Err(failure),
        });
    }

    /// An image was made: a container is best now, whatever was chosen while there was none.
    pub(super) fn image_ready(&mut self, engine: Engine) {
        self.engine = Some(Ok(engine));
        self.chosen = None;
    }

    /// What is taken with this CA; nothing while the engine is looked for and nobody has chosen.
    pub(super) fn taken(&self, authority: &Address) -> Option<RuntimeKind> {
        // No engine changes anything about such a CA.
        let settled = authority.is_loopback().then_some(RuntimeKind::Process);
        self.chosen.or(settled).or_else(|| self.engine.as_ref().map(|engine| best(authority, engine)))
    }

    /// What keeps the agent from running where it was chosen to.
    pub(super) fn check(&self, authority: &Address) -> Result<(), Failure> {
        match (self.taken(authority), &self.engine) {
            (None, _) | (Some(RuntimeKind::Container), None) if !authority.is_loopback() => {
                Err(Failure::new(Code::TryAgain, words::LOOKING).hint(words::LOOKING_WHY))
            }
            (Some(RuntimeKind::Process), _) => Ok(()),
            (_, Some(engine)) if obstacle(authority, engine).is_none() => Ok(()),
            // Why, the page says already.
            _ => {
                let hint = words::no_container_why(authority.is_loopback(), self.lacks_image());
                Err(Failure::new(Code::EngineUnavailable, words::NO_CONTAINER).hint(hint))
            }
        }
    }

    /// Whether an image is all that is missing.
    pub(super) fn lacks_image(&self) -> bool {
        matches!(&self.engine, Some(Ok(Engine { image: Err(_), .. })))
    }

    /// Whether looking again could find more.
    pub(super) fn lacks_anything(&self) -> bool {
        self.lacks_image() || matches!(self.engine, Some(Err(_)))
    }

    /// Another choice.
    pub(super) fn step(&mut self, action: Action) {
        self.chosen = Some(match action {
            Action::Up => RuntimeKind::Container,
            _ => RuntimeKind::Process,
        });
    }

    /// The page.
    pub(super) fn draw(&self, sheet: &mut Sheet, authority: &Address) {
        sheet.text(words::RUNTIME_WHY);
        sheet.blank();
        let taken = self.taken(authority);
        for kind in CHOICES {
            self.draw_choice(sheet, kind, taken == Some(kind));
        }
        sheet.blank();
        self.draw_found(sheet, authority);
    }

    fn draw_choice(&self, sheet: &mut Sheet, kind: RuntimeKind, taken: bool) {
        let theme = *sheet.theme();
        let rootless = matches!(&self.engine, Some(Ok(engine)) if engine.rootless);
        let (name, why) = words::choice(kind, rootless);
        let sign = if taken { theme.glyphs().full } else { theme.glyphs().hollow };
        let style = if taken { theme.chosen() } else { theme.plain() };
        sheet.line(Line::from(vec![Span::styled(format!("{sign} "), style), Span::styled(name, style)]));
        if taken {
            sheet.mark_here();
        }
        sheet.indented(2, why, theme.quiet());
    }

    fn draw_found(&self, sheet: &mut Sheet, authority: &Address) {
        let theme = *sheet.theme();
        match &self.engine {
            None => sheet.pair(words::ENGINE, words::LOOKING, theme.quiet()),
            Some(Err(failure)) => {
                sheet.pair(words::ENGINE, &text::sentence(&failure.message.shown()), theme.warning());
                sheet.pair("", &text::advice_of(failure), theme.plain());
            }
            Some(Ok(engine)) => {
                sheet.pair(words::ENGINE, &words::engine(engine), theme.plain());
                match &engine.image {
                    Ok(image) => sheet.pair(words::IMAGE, &image.shown(), theme.plain()),
                    Err(failure) => {
                        sheet.pair(words::IMAGE, &text::sentence(&failure.message.shown()), theme.warning());
                        sheet.pair("", words::GET_IMAGE, theme.plain());
                    }
                }
            }
        }
        if authority.is_loopback() {
            sheet.pair(words::AUTHORITY, words::LOOPBACK, theme.warning());
        }
        // What to do is at the end.
        sheet.see_here();
    }
}
