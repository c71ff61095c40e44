//! The account on the screen: what its agent said so far.

use airhatch_wire::control::{AccountView, ContactView};
use airhatch_wire::warden::AccountRecord;
use airhatch_wire::{Email, Failure, StageId, TransferId};

use super::{Cursor, Filter, Screen, Transfers};
use crate::msg::Attachment;

/// One account, attached.
#[derive(Debug)]
pub(crate) struct Session {
    /// What the warden says about it.
    pub(crate) record: AccountRecord,
    /// Which attachment its events come from.
    pub(crate) attachment: Attachment,
    /// What the agent says about it.
    pub(crate) account: AccountView,
    /// Whom one knows, by email.
    contacts: Vec<ContactView>,
    /// The chosen contact.
    pub(crate) contact_cursor: Cursor<Email>,
    /// The transfers.
    pub(crate) transfers: Transfers,
    /// The chosen transfer.
    pub(crate) transfer_cursor: Cursor<TransferId>,
    /// The chosen one of those that are over.
    pub(crate) history_cursor: Cursor<TransferId>,
    /// What the lists of transfers, contacts and ended transfers show.
    transfer_filter: Filter,
    contact_filter: Filter,
    history_filter: Filter,
    /// Whether the agent has told everything there is.
    pub(crate) complete: bool,
    /// Staging folders that were there before the login: whatever of them no transfer needs is left over.
    pub(crate) left_over: Vec<StageId>,
    /// Why the agent went away, when that is not the last word: it ends itself after removing an account.
    pub(crate) gone: Option<Failure>,
}

impl Session {
    /// An account of which only the agent's first answer is known.
    pub(crate) fn new(record: AccountRecord, attachment: Attachment, account: AccountView) -> Self {
        Self {
            record,
            attachment,
            account,
            contacts: Vec::new(),
            contact_cursor: Cursor::default(),
            transfers: Transfers::default(),
            transfer_cursor: Cursor::default(),
            history_cursor: Cursor::default(),
            transfer_filter: Filter::default(),
            contact_filter: Filter::default(),
            history_filter: Filter::default(),
            complete: false,
            left_over: Vec::new(),
            gone: None,
        }
    }

    /// Contacts, by email.
    pub(crate) fn contacts(&self) -> &[ContactView] {
        &self.contacts
    }

    /// The emails of those that the list shows, in the same order.
    pub(crate) fn contact_rows(&self) -> Vec<Email> {
        let shown = |contact: &&ContactView| self.contact_filter.holds([contact.email.as_str()]);
        self.contacts.iter().filter(shown).map(|contact| contact.email.clone()).collect()
    }

    /// What the first screen shows of what is not over, and of what ended while one looked.
    pub(crate) fn transfer_rows(&self) -> Vec<TransferId> {
        self.transfers.current(&self.transfer_filter)
    }

    /// What the list of ended transfers shows.
    pub(crate) fn history_rows(&self) -> Vec<TransferId> {
        self.transfers.over(&self.history_filter)
    }

    /// What a screen's list shows; `None` where there is nothing to filter.
    pub(crate) const fn filter(&self, screen: Screen) -> Option<&Filter> {
        match screen {
            Screen::Transfers => Some(&self.transfer_filter),
            Screen::Contacts => Some(&self.contact_filter),
            Screen::History => Some(&self.history_filter),
            Screen::Log | Screen::Settings => None,
        }
    }

    /// The same, to change it.
    pub(crate) const fn filter_mut(&mut self, screen: Screen) -> Option<&mut Filter> {
        match screen {
            Screen::Transfers => Some(&mut self.transfer_filter),
            Screen::Contacts => Some(&mut self.contact_filter),
            Screen::History => Some(&mut self.history_filter),
            Screen::Log | Screen::Settings => None,
        }
    }

    /// One contact.
    pub(crate) fn contact(&self, email: &Email) -> Option<&ContactView> {
        self.place_of(email).ok().and_then(|index| self.contacts.get(index))
    }

    /// The contact that is chosen on the contacts screen.
    pub(crate) fn chosen_contact(&self) -> Option<&ContactView> {
        self.contact_cursor.chosen(&self.contact_rows()).and_then(|email| self.contact(&email))
    }

    /// Takes what the agent says about a contact. Returns what was known before.
    pub(crate) fn put_contact(&mut self, contact: ContactView) -> Option<ContactView> {
        match self.place_of(&contact.email) {
            Ok(index) => self.contacts.get_mut(index).map(|known| std::mem::replace(known, contact)),
            Err(index) => {
                self.contacts.insert(index, contact);
                None
            }
        }
    }

    /// Lets go of a contact.
    pub(crate) fn remove_contact(&mut self, email: &Email) {
        self.contacts.retain(|contact| contact.email != *email);
    }

    /// Holds each choice to the row it is on, after lists changed.
    pub(crate) fn settle(&mut self) {
        self.contact_cursor.settle(&self.contact_rows());
        self.transfer_cursor.settle(&self.transfer_rows());
        self.history_cursor.settle(&self.history_rows());
    }

    fn place_of(&self, email: &Email) -> Result<usize, usize> {
        self.contacts.binary_search_by(|contact| contact.email.cmp(email))
    }
}
