//! The account on the screen: what its agent said so far.

use airhatch_wire::control::{AccountView, ContactView};
use airhatch_wire::warden::AccountRecord;
use airhatch_wire::{Email, Failure, StageId, TransferId};

use super::{Cursor, Transfers};
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
            complete: false,
            left_over: Vec::new(),
            gone: None,
        }
    }

    /// Contacts, by email.
    pub(crate) fn contacts(&self) -> &[ContactView] {
        &self.contacts
    }

    /// Their emails, in the same order.
    pub(crate) fn emails(&self) -> Vec<Email> {
        self.contacts.iter().map(|contact| contact.email.clone()).collect()
    }

    /// One contact.
    pub(crate) fn contact(&self, email: &Email) -> Option<&ContactView> {
        self.place_of(email).ok().and_then(|index| self.contacts.get(index))
    }

    /// The contact that is chosen on the contacts screen.
    pub(crate) fn chosen_contact(&self) -> Option<&ContactView> {
        let index = self.contact_cursor.index(&self.emails())?;
        self.contacts.get(index)
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
        self.contact_cursor.settle(&self.emails());
        self.transfer_cursor.settle(&self.transfers.current());
        self.history_cursor.settle(&self.transfers.over());
    }

    fn place_of(&self, email: &Email) -> Result<usize, usize> {
        self.contacts.binary_search_by(|contact| contact.email.cmp(email))
    }
}
