//! For tests: a program without terminal, agent or clock. Keys are written as people write them, time passes when told,
//! and what is on the screen is text.

use airhatch_wire::control::{ContactView, Event, Reply, TransferView};
use airhatch_wire::warden::AccountRecord;
use airhatch_wire::{Failure, UnixMillis, warden};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell, CellWidth};

use crate::model::{Model, Setting};
use crate::msg::{Attachment, Effect, Msg, Now, Ticket};
use crate::theme::Theme;
use crate::update::update;
use crate::view::view;

mod sample;

pub(crate) use sample::*;

/// A model, a clock, and everything that was asked to be done.
pub(crate) struct Rehearsal {
    pub(crate) model: Model,
    tick: u64,
    effects: Vec<Effect>,
}

impl Rehearsal {
    /// The program before its first message.
    pub(crate) fn empty() -> Self {
        let setting = Setting {
            theme: Theme::default(),
            home: Some("/home/you".into()),
            folder: "/home/you".into(),
            zone: jiff::tz::TimeZone::UTC,
            account: None,
            demo: false,
            shell: true,
            jail: jailed(),
        };
        Self { model: Model::new(setting), tick: 10_000, effects: Vec::new() }
    }

    /// The program after it began on a machine with these accounts.
    pub(crate) fn with_accounts(accounts: Vec<AccountRecord>) -> Self {
        let mut rehearsal = Self::empty();
        rehearsal.send(Msg::Begin);
        rehearsal.warden(Ok(warden::Reply::Accounts(accounts)));
        rehearsal
    }

    /// The program with one account on the screen, which knows these contacts and has these transfers.
    pub(crate) fn logged_in(contacts: Vec<ContactView>, transfers: Vec<TransferView>) -> Self {
        let mut rehearsal = Self::with_accounts(vec![record("you@example.org", true)]);
        rehearsal.attached(Ok(account(airhatch_wire::control::Phase::Ready)));
        for contact in contacts {
            rehearsal.event(Event::ContactChanged(Box::new(contact)));
        }
        for transfer in transfers {
            rehearsal.event(Event::TransferChanged(Box::new(transfer)));
        }
        rehearsal.agent(Ok(Reply::Done));
        rehearsal.effects.clear();
        rehearsal.model.toast = None;
        rehearsal
    }

    /// Lets one thing happen.
    pub(crate) fn send(&mut self, msg: Msg) -> &mut Self {
        let now = Now { tick: self.tick, wall: UnixMillis(NOW.0 + self.tick - 10_000) };
        self.effects.extend(update(&mut self.model, now, msg));
        self
    }

    /// Presses keys, one by one: `ss<Enter>`, `<C-y>`, `<Esc>`, `<lt>`.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        for key in parse(keys) {
            self.send(Msg::Key(key));
        }
        self
    }

    /// The same keys, faster than a person types.
    pub(crate) fn burst(&mut self, keys: &str) -> &mut Self {
        self.send(Msg::Burst(parse(keys)))
    }

    /// A paste that the terminal marks.
    pub(crate) fn paste(&mut self, text: &str) -> &mut Self {
        self.send(Msg::Paste(text.to_owned()))
    }

    /// Lets time pass, milliseconds.
    pub(crate) fn wait(&mut self, time: u64) -> &mut Self {
        self.tick += time;
        self.send(Msg::Tick)
    }

    /// The agent tells something.
    pub(crate) fn event(&mut self, event: Event) -> &mut Self {
        let attachment = self.attachment();
        self.send(Msg::Event(attachment, event))
    }

    /// The agent that is attached.
    pub(crate) fn attachment(&self) -> Attachment {
        self.model.session.as_ref().map(|session| session.attachment).unwrap_or_default()
    }

    /// The agent answers what it was asked last.
    pub(crate) fn agent(&mut self, outcome: Result<Reply, Failure>) -> &mut Self {
        let ticket = self.last(|effect| match effect {
            Effect::Agent(ticket, _) | Effect::Watch(ticket) => Some(*ticket),
            _ => None,
        });
        self.send(Msg::Agent(ticket, outcome))
    }

    /// The warden answers what it was asked last.
    pub(crate) fn warden(&mut self, outcome: Result<warden::Reply, Failure>) -> &mut Self {
        let ticket = self.last(|effect| match effect {
            Effect::Warden(ticket, _) => Some(*ticket),
            _ => None,
        });
        self.send(Msg::Warden(ticket, outcome))
    }

    /// The agent that was wanted last is there, or is not.
    pub(crate) fn attached(
        &mut self,
        outcome: Result<airhatch_wire::control::AccountView, Failure>,
    ) -> &mut Self {
        let ticket = self.last(|effect| match effect {
            Effect::Attach(ticket, ..) => Some(*ticket),
            _ => None,
        });
        self.send(Msg::Attached(ticket, outcome.map(Box::new)))
    }

    /// The ticket of the last staging.
    pub(crate) fn staging(&self) -> Ticket {
        self.last(|effect| match effect {
            Effect::Stage(ticket, ..) => Some(*ticket),
            _ => None,
        })
    }

    /// What was asked to be done since this was called last.
    pub(crate) fn done(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// What the agent was asked since effects were taken last.
    pub(crate) fn commands(&mut self) -> Vec<airhatch_wire::control::Command> {
        let commands = self.done().into_iter();
        commands
            .filter_map(|effect| match effect {
                Effect::Agent(_, command) => Some(command),
                _ => None,
            })
            .collect()
    }

    /// The screen as text, with the cursor's place below it when there is one.
    pub(crate) fn screen(&self, columns: u16, rows: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| view(&self.model, frame)).unwrap();
        let backend = terminal.backend();
        let mut screen = text_of(backend.buffer());
        if backend.cursor_visible() {
            let at = backend.cursor_position();
            screen.push_str(&format!("\ncursor: column {}, row {}", at.x, at.y));
        }
        screen
    }

    fn last(&self, wanted: impl Fn(&Effect) -> Option<Ticket>) -> Ticket {
        self.effects.iter().rev().find_map(wanted).expect("nothing like this was asked for")
    }
}

/// Compares the screen with what was approved, at both sizes.
macro_rules! shots {
    ($name:literal, $rehearsal:expr) => {
        match &$rehearsal {
            shown => {
                insta::assert_snapshot!(concat!($name, "_80x24"), shown.screen(80, 24));
                insta::assert_snapshot!(concat!($name, "_120x40"), shown.screen(120, 40));
            }
        }
    };
}
pub(crate) use shots;

/// The cells' signs, without those that a wide sign to their left covers.
fn text_of(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width));
    let line = |row: &[Cell]| {
        let mut covered = 0;
        let mut line = String::new();
        for cell in row {
            if covered == 0 {
                line.push_str(cell.symbol());
            }
            covered = std::cmp::max(covered, usize::from(cell.cell_width())).saturating_sub(1);
        }
        line.trim_end().to_owned()
    };
    rows.map(line).collect::<Vec<_>>().join("\n")
}

fn parse(keys: &str) -> Vec<KeyEvent> {
    let mut parsed = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|inner| inner.split_once('>'));
        match named.and_then(|(name, after)| Some((named_key(name)?, after))) {
            Some((key, after)) => {
                parsed.push(key);
                rest = after;
            }
            None => {
                parsed.push(KeyEvent::new(KeyCode::Char(first), KeyModifiers::NONE));
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    parsed
}

fn named_key(name: &str) -> Option<KeyEvent> {
    if let Some(letter) = name.strip_prefix("C-").and_then(|rest| rest.chars().next()) {
        return Some(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL));
    }
    let code = match name {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "S-Tab" => KeyCode::BackTab,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Backspace" => KeyCode::Backspace,
        "PageDown" => KeyCode::PageDown,
        "PageUp" => KeyCode::PageUp,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "Del" => KeyCode::Delete,
        "F1" => KeyCode::F(1),
        "lt" => KeyCode::Char('<'),
        _ => return None,
    };
    Some(KeyEvent::new(code, KeyModifiers::NONE))
}
