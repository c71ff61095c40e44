//! Everything the screen shows. Changed by `update` only, read by `view`.
//!
//! Must never know: sockets, the terminal, a clock.

use std::collections::BTreeMap;
use std::path::PathBuf;

use airhatch_wire::control::Jail;
use airhatch_wire::warden::AccountRecord;
use airhatch_wire::{Email, Failure, StageId};

use crate::dialogs::Layer;
use crate::keymap::{Chord, Place};
use crate::msg::{Attachment, Now, Ticket};
use crate::theme::Theme;

mod cursor;
mod filter;
mod journal;
mod meter;
mod session;
mod transfers;

pub(crate) use cursor::Cursor;
pub(crate) use filter::Filter;
pub(crate) use journal::{Entry, Journal, Said};
pub(crate) use meter::Meter;
pub(crate) use session::Session;
pub(crate) use transfers::{Transfer, Transfers, folder_of};

/// How long a toast stays, milliseconds.
pub(crate) const TOAST_TIME: u64 = 5_000;

/// How long keys that decide something are dead after a dialog opened, milliseconds.
pub(crate) const GUARD_TIME: u64 = 500;

/// The whole state.
#[derive(Debug)]
pub(crate) struct Model {
    /// What does not change while the program runs.
    pub(crate) setting: Setting,
    /// When the last thing happened.
    pub(crate) now: Now,
    /// What fills the screen.
    pub(crate) page: Page,
    /// Which of the account's screens.
    pub(crate) screen: Screen,
    /// Dialogs, the top one last.
    pub(crate) layers: Vec<Layer>,
    /// The accounts of this machine.
    pub(crate) accounts: Vec<AccountRecord>,
    /// The chosen one.
    pub(crate) account_cursor: Cursor<Email>,
    /// The account on the screen.
    pub(crate) session: Option<Session>,
    /// What happened, by line.
    pub(crate) journal: Journal,
    /// A word in the status bar.
    pub(crate) toast: Option<Toast>,
    /// Whether what is typed filters the list on the screen.
    pub(crate) filtering: bool,
    /// The first key of a pair.
    pub(crate) pending: Option<Chord>,
    /// Lines that the top dialog is scrolled by, on a screen too low for all of it.
    pub(crate) scrolled: usize,
    /// The chosen row of the settings.
    pub(crate) setting_row: usize,
    /// What unanswered requests were for.
    pub(crate) asked: BTreeMap<Ticket, Ask>,
    last_ticket: u32,
    last_attachment: u32,
}

/// What does not change while the program runs.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// The look.
    pub(crate) theme: Theme,
    /// The user's home folder, for `~`.
    pub(crate) home: Option<PathBuf>,
    /// The folder that relative paths begin at.
    pub(crate) folder: PathBuf,
    /// Where the user's clocks are.
    pub(crate) zone: jiff::tz::TimeZone,
    /// The account to open at the start.
    pub(crate) account: Option<Email>,
    /// Whether everything ends and is removed with the program.
    pub(crate) demo: bool,
    /// Whether there is a shell to suspend to.
    pub(crate) shell: bool,
    /// How this program's own jail turned out.
    pub(crate) jail: Jail,
}

/// What fills the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// Nothing yet.
    Starting,
    /// Which account?
    Accounts,
    /// The screens of an account.
    Account,
    /// The agent went away.
    AgentGone(Failure),
    /// The warden went away; what is attached goes on.
    WardenGone(Failure),
}

/// The screens of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    /// What moves, and what waits.
    Transfers,
    /// Whom one knows.
    Contacts,
    /// What is over.
    History,
    /// What happened, by line.
    Log,
    /// The account itself.
    Settings,
}

impl Screen {
    /// All, from left to right.
    pub(crate) const ALL: [Self; 5] =
        [Self::Transfers, Self::Contacts, Self::History, Self::Log, Self::Settings];

    /// Its keys.
    pub(crate) const fn place(self) -> Place {
        match self {
            Self::Transfers => Place::Transfers,
            Self::Contacts => Place::Contacts,
            Self::History => Place::History,
            Self::Log => Place::Log,
            Self::Settings => Place::Settings,
        }
    }

    /// The screen `by` places to the right, round and round.
    pub(crate) fn step(self, by: usize) -> Self {
        let here = Self::ALL.iter().position(|screen| *screen == self).unwrap_or(0);
        Self::ALL.get((here + by) % Self::ALL.len()).copied().unwrap_or(self)
    }
}

/// What a request was for, when no dialog waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// The list of accounts, at the start or after a change.
    Accounts,
    /// A connection to an account's agent.
    Attach(AccountRecord),
    /// The events.
    Watch,
    /// The staging folders that are there.
    Stages,
    /// A contact's presence.
    Ping(Email),
    /// Whatever a dialog asked; failures are shown, success is not.
    Dialog,
    /// Logging out.
    Lock,
    /// Removing the account.
    Removal,
    /// Offering what lies in a staging folder.
    Offering {
        /// By whom.
        account: Email,
        /// To whom.
        to: Email,
        /// The folder, to be removed when the offer is refused.
        stage: StageId,
    },
    /// Offering a failed transfer again; said in this sentence.
    OfferingAgain(String),
    /// Something whose outcome interests nobody.
    Tidying,
    /// Something said in one sentence when it is done.
    Say(String),
}

/// A word in the status bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toast {
    /// The word.
    pub(crate) text: String,
    /// How it is meant.
    pub(crate) tone: Tone,
    /// When it goes, by [`Now::tick`].
    pub(crate) until: u64,
}

/// How a word is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It is well.
    Good,
    /// For information.
    Plain,
    /// Look at this.
    Warning,
}

impl Model {
    /// The state before anything happened.
    pub(crate) fn new(setting: Setting) -> Self {
        Self {
            setting,
            now: Now::default(),
            page: Page::Starting,
            screen: Screen::Transfers,
            layers: Vec::new(),
            accounts: Vec::new(),
            account_cursor: Cursor::default(),
            session: None,
            journal: Journal::default(),
            toast: None,
            filtering: false,
            pending: None,
            scrolled: 0,
            setting_row: 0,
            asked: BTreeMap::new(),
            last_ticket: 0,
            last_attachment: 0,
        }
    }

    /// A ticket that was never used.
    pub(crate) const fn ticket(&mut self) -> Ticket {
        self.last_ticket = self.last_ticket.wrapping_add(1);
        Ticket(self.last_ticket)
    }

    /// The accounts' names, in their order on the screen.
    pub(crate) fn account_names(&self) -> Vec<Email> {
        self.accounts.iter().map(|record| record.account.clone()).collect()
    }

    /// The attachment that was begun last.
    pub(crate) const fn last_attachment(&self) -> Attachment {
        Attachment(self.last_attachment)
    }

    /// The next attachment.
    pub(crate) const fn attachment(&mut self) -> Attachment {
        self.last_attachment = self.last_attachment.wrapping_add(1);
        Attachment(self.last_attachment)
    }

    /// Where keys have their meaning now.
    pub(crate) fn place(&self) -> Place {
        match self.layers.last() {
            Some(layer) => layer.dialog().place(),
            None => match self.page {
                Page::Starting | Page::WardenGone(_) => Place::Alone,
                Page::Accounts => Place::Accounts,
                Page::Account if self.filtering => Place::Filter,
                Page::Account => self.screen.place(),
                Page::AgentGone(_) => Place::AgentGone,
            },
        }
    }

    /// True while what is typed is text.
    pub(crate) fn takes_text(&self) -> bool {
        match self.layers.last() {
            Some(layer) => layer.dialog().takes_text(),
            None => self.filtering && self.page == Page::Account,
        }
    }

    /// Says a word in the status bar.
    pub(crate) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.toast = Some(Toast { text: text.into(), tone, until: self.now.tick + TOAST_TIME });
    }

    /// Puts a line of this program into the log.
    pub(crate) fn note(&mut self, level: airhatch_wire::control::LogLevel, text: impl Into<String>) {
        self.journal.push(Entry { at: self.now.wall, level, said: Said::Here(text.into()) });
    }

    /// When the clock must be looked at again though nothing happens: milliseconds from now, `None` for never.
    pub(crate) fn next_look(&self) -> Option<u64> {
        let toast = self.toast.as_ref().map(|toast| toast.until.saturating_sub(self.now.tick));
        let layers = self.layers.iter().filter_map(|layer| layer.dialog().next_look(self.now));
        let moving = self.session.as_ref().filter(|session| session.transfers.is_moving()).map(|_| 500);
        toast.into_iter().chain(layers).chain(moving).min().map(|wait| wait.max(10))
    }
}
