//! What fronts are shown of the hub's state.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Bound;

use airhatch_wire::control::{
    AccountView, AuthorityView, CONTACTS_PAGE, ContactView, Direction, Event, ITEMS_LISTED, ITEMS_PAGE,
    ItemView, Presence, Reply, TRANSFERS_PAGE, TransferView, Trust,
};
use airhatch_wire::peer::Item;
use airhatch_wire::{Email, TransferId, UnixMillis, Untrusted};

use super::{Entry, Hub, Known};
use crate::names::free_name;

/// Bytes of names in one view.
const NAMES_ROOM: usize = 8 * 1024;

impl Hub {
    pub(super) fn account_view(&self) -> AccountView {
        let account = self.account.as_ref();
        AccountView {
            phase: self.phase,
            email: account.map(|a| a.email.clone()),
            fingerprint: account.map(|a| a.fingerprint),
            authority: account.map(|a| AuthorityView {
                address: a.authority.clone(),
                fingerprint: a.authority_fingerprint,
                state: a.authority_state.clone(),
            }),
            certificate_until: account.map(|a| a.certificate_until),
            addresses: account.map(|a| a.addresses.clone()).unwrap_or_default(),
            policy: self.settings.policy,
            limits: self.settings.limits,
            fronts: self.fronts_attending(),
            version: self.version.clone(),
            jail: self.jail.clone(),
        }
    }

    pub(super) fn account_reply(&self) -> Reply {
        Reply::Account(Box::new(self.account_view()))
    }

    pub(super) fn contacts_page(&self, after: Option<Email>) -> Reply {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let page = self.contacts.range((from, Bound::Unbounded)).take(CONTACTS_PAGE);
        Reply::Contacts(page.map(|(_, known)| contact_view(known, self.now)).collect())
    }

    /// A transfer that has left the list meanwhile is no place to go on from: the list ends there.
    pub(super) fn transfers_page(&self, after: Option<TransferId>) -> Reply {
        let newest_first = self.newest_first();
        let from = match after {
            None => Some(0),
            Some(id) => newest_first.iter().position(|entry| entry.transfer.id == id).map(|place| place + 1),
        };
        let rest = from.and_then(|from| newest_first.get(from..)).unwrap_or_default();
        Reply::Transfers(rest.iter().take(TRANSFERS_PAGE).map(|entry| view_of(entry, ITEMS_LISTED)).collect())
    }

    fn newest_first(&self) -> Vec<&Entry> {
        let mut entries: Vec<_> = self.transfers.values().collect();
        entries.sort_by_key(|entry| (Reverse(entry.transfer.created), entry.transfer.id));
        entries
    }

    /// Contacts by email, then transfers, oldest first.
    pub(super) fn state_as_events(&self) -> Vec<Event> {
        let contacts = self
            .contacts
            .values()
            .map(|known| Event::ContactChanged(Box::new(contact_view(known, self.now))));
        let transfers = self.newest_first().into_iter().rev();
        contacts
            .chain(transfers.map(|entry| Event::TransferChanged(Box::new(transfer_view(entry)))))
            .collect()
    }

    pub(super) fn publish_account(&mut self) {
        self.publish(&Event::AccountChanged(Box::new(self.account_view())));
    }

    pub(super) fn publish_contact(&mut self, email: &Email) {
        if let Some(known) = self.contacts.get(email) {
            self.publish(&Event::ContactChanged(Box::new(contact_view(known, self.now))));
        }
    }

    pub(super) fn publish_transfer(&mut self, id: TransferId) {
        if let Some(entry) = self.transfers.get(&id) {
            self.publish(&Event::TransferChanged(Box::new(transfer_view(entry))));
        }
    }

    pub(super) fn contact_reply(&self, email: &Email) -> Option<Reply> {
        self.contacts.get(email).map(|known| Reply::Contact(Box::new(contact_view(known, self.now))))
    }

    pub(super) fn transfer_reply(&self, id: TransferId) -> Option<Reply> {
        self.transfers.get(&id).map(|entry| Reply::Transfer(Box::new(transfer_view(entry))))
    }
}

fn contact_view(known: &Known, now: UnixMillis) -> ContactView {
    let contact = &known.contact;
    let trust = match &contact.changed {
        Some((pin, noticed)) => Trust::Changed { fingerprint: pin.identity, noticed: *noticed },
        None if contact.revoked => Trust::Revoked,
        None if contact.verified => Trust::Verified,
        None => Trust::Certified,
    };
    let presence = match (known.online, contact.seen) {
        (Some(micros), Some(seen)) => Presence::Online { seen, micros },
        (_, seen) if known.asked => Presence::Offline { seen },
        _ => Presence::Unknown,
    };
    ContactView {
        email: contact.pin.email.clone(),
        fingerprint: contact.pin.identity,
        trust,
        presence,
        added: contact.added,
        policy: contact.policy.clone(),
        by_rule_today: contact.spent.at(now).by_rule,
    }
}

fn transfer_view(entry: &Entry) -> TransferView {
    view_of(entry, ITEMS_PAGE)
}

fn view_of(entry: &Entry, items: usize) -> TransferView {
    let transfer = &entry.transfer;
    let destination = match transfer.direction {
        Direction::Incoming => match &transfer.taking.folder {
            Some(folder) => format!("inbox/{folder}"),
            None => "inbox".to_owned(),
        },
        Direction::Outgoing => String::new(),
    };
    TransferView {
        id: transfer.id,
        direction: transfer.direction,
        contact: transfer.contact.clone(),
        note: transfer.note.clone(),
        items: item_views(entry, 0, items),
        item_count: transfer.item_count,
        wanted: transfer.taking.wanted.count(transfer.item_count),
        total: transfer.total,
        moved: entry.moved,
        state: transfer.state.clone(),
        created: transfer.created,
        expires: transfer.expires,
        destination,
        free_space: transfer.free_space,
        stage: transfer.stage,
        verdict: transfer.verdict,
    }
}

/// Items from `from` on: at most `count`, and fewer where their names are so long that a message would burst.
pub(super) fn item_views(entry: &Entry, from: usize, count: usize) -> Vec<ItemView> {
    let mut views = listed(entry.items.get(from..).unwrap_or_default(), count);
    let numbers = Numbers::of(entry);
    let rest = entry.items.iter().zip(0..).skip(from);
    for (view, (item, index)) in views.iter_mut().zip(rest) {
        view.wanted = entry.transfer.taking.wanted.holds(index);
        view.landed_as = if view.wanted { numbers.landed(item) } else { None };
    }
    views
}

/// The numbers that the first names of a transfer's items got.
struct Numbers<'a>(HashMap<&'a str, u32>);

impl<'a> Numbers<'a> {
    fn of(entry: &'a Entry) -> Self {
        let landed = entry.transfer.landed.iter();
        Self(
            landed
                .filter_map(|numbered| {
                    let item = entry.items.get(usize::try_from(numbered.item).ok()?)?;
                    Some((item.path.first()?.as_received(), numbered.number))
                })
                .collect(),
        )
    }

    /// The path of an item on the disk, where that is not the offered one.
    fn landed(&self, item: &Item) -> Option<Untrusted<String>> {
        let (first, rest) = item.path.split_first()?;
        let first = free_name(first.as_received(), *self.0.get(first.as_received())?);
        let rest = rest.iter().map(Untrusted::as_received);
        Some(Untrusted::new(std::iter::once(first.as_str()).chain(rest).collect::<Vec<_>>().join("/")))
    }
}

/// The first items of a table as it was offered; as many as [`item_views`] would give.
pub(crate) fn listed(items: &[Item], count: usize) -> Vec<ItemView> {
    let mut room = NAMES_ROOM;
    let page = items.iter().take(count);
    let fitting = page.take_while(|item| {
        let fits = room > 0;
        room = room.saturating_sub(item.path.iter().map(|part| part.as_received().len() + 1).sum());
        fits
    });
    let view = |item: &Item| {
        let parts: Vec<&str> = item.path.iter().map(Untrusted::as_received).collect();
        ItemView {
            path: Untrusted::new(parts.join("/")),
            kind: item.kind,
            size: item.size,
            executable: item.executable,
            wanted: true,
            landed_as: None,
        }
    };
    fitting.map(view).collect()
}
