//! Contacts in the hub: added, pinned, changed, revoked; who is online.

use airhatch_wire::control::{ContactPolicy, Event, Reply};
use airhatch_wire::signed::Signed;
use airhatch_wire::{Code, Email, Failure, Fingerprint};

use super::{
    Ask, Contact, Guest, Hub, Known, Output, Pin, Record, RecordName, SessionId, SessionOrder, Spent, Target,
};

impl Hub {
    pub(super) fn add_contact(&mut self, ask: Ask, email: Email) {
        if self.account.as_ref().is_some_and(|account| account.email == email) {
            let own = Failure::new(Code::Invalid, "this is your own email");
            return self.answer(ask, Err(own.hint("add the email of somebody else")));
        }
        self.outputs.push(Output::Lookup(ask, email));
    }

    pub(super) fn looked_up(&mut self, ask: Ask, email: &Email, outcome: Result<Pin, Failure>) {
        let pin = match outcome {
            Ok(pin) if self.revoked.contains(&pin.serial) => {
                let revoked = Failure::new(Code::Revoked, format!("the certificate of {email} is revoked"));
                return self.answer(ask, Err(revoked.hint("ask them to register again, then add them anew")));
            }
            Ok(pin) => pin,
            Err(failure) => return self.answer(ask, Err(failure)),
        };
        match self.contacts.get_mut(email) {
            Some(known) if known.contact.pin.same_keys(&pin) => {
                known.contact.pin = pin;
                known.contact.changed = None;
                known.contact.revoked = false;
            }
            Some(_) => {
                self.keys_seen(&pin);
                return self.answer(ask, Err(key_changed(email)));
            }
            None => {
                let contact = Contact {
                    pin,
                    verified: false,
                    changed: None,
                    revoked: false,
                    added: self.now,
                    seen: None,
                    announcement: None,
                    policy: ContactPolicy::default(),
                    spent: Spent::default(),
                };
                self.contacts.insert(email.clone(), Known { contact, online: None, asked: false });
            }
        }
        self.contact_touched(email);
        self.watch_presence(email);
        self.answer_contact(ask, email);
    }

    pub(super) fn remove_contact(&mut self, ask: Ask, email: &Email) {
        if self.contacts.remove(email).is_none() {
            return self.answer(ask, Err(no_contact(email)));
        }
        self.outputs.push(Output::Remove(RecordName::Contact(email.clone())));
        self.outputs.push(Output::UnwatchPresence(email.clone()));
        self.end_transfers_with(email, "the contact was removed");
        let guests = self.sessions.iter().filter(|(_, guest)| guest.email == *email);
        let orders: Vec<_> = guests.map(|(id, _)| Output::Order(*id, SessionOrder::Drop)).collect();
        self.outputs.extend(orders);
        self.publish(&Event::ContactRemoved(email.clone()));
        self.answer(ask, Ok(Reply::Done));
    }

    pub(super) fn trust_new_key(&mut self, ask: Ask, email: &Email, fingerprint: Fingerprint) {
        let Some(known) = self.contacts.get_mut(email) else {
            return self.answer(ask, Err(no_contact(email)));
        };
        match known.contact.changed.take() {
            Some((pin, _)) if pin.identity == fingerprint => {
                known.contact.pin = pin;
                known.contact.verified = false;
                // The rule was made for the person behind the old key.
                known.contact.policy = ContactPolicy::default();
                known.contact.revoked = false;
                known.contact.announcement = None;
                self.contact_touched(email);
                self.watch_presence(email);
                self.answer_contact(ask, email);
            }
            other => {
                known.contact.changed = other;
                let stale = Failure::new(Code::Conflict, format!("this is not the newest key of {email}"));
                self.answer(ask, Err(stale.hint("look at the contact again and compare anew")));
            }
        }
    }

    pub(super) fn mark_verified(&mut self, ask: Ask, email: &Email, compared: Fingerprint, verified: bool) {
        let Some(known) = self.contacts.get_mut(email) else {
            return self.answer(ask, Err(no_contact(email)));
        };
        if known.contact.pin.identity != compared || known.contact.changed.is_some() {
            return self.answer(ask, Err(key_changed(email)));
        }
        known.contact.verified = verified;
        self.contact_touched(email);
        self.answer_contact(ask, email);
    }

    pub(super) fn ping(&mut self, ask: Ask, email: &Email) {
        match self.usable(email) {
            Ok(target) => self.outputs.push(Output::Ping(ask, target)),
            Err(failure) => self.answer(ask, Err(failure)),
        }
    }

    pub(super) fn pinged(&mut self, ask: Ask, email: &Email, outcome: Result<u64, Failure>) {
        match &outcome {
            Ok(micros) => self.sighted(email, Some(*micros)),
            Err(failure) if failure.code == Code::PeerOffline => self.sighted(email, None),
            Err(_) => {}
        }
        self.answer(ask, outcome.map(|micros| Reply::Pong { micros }));
    }

    /// A contact answered, or stopped answering.
    pub(super) fn sighted(&mut self, email: &Email, micros: Option<u64>) {
        let now = self.now;
        let Some(known) = self.contacts.get_mut(email) else { return };
        let came = micros.is_some() && known.online.is_none();
        let differs = came || known.online.is_some() != micros.is_some() || !known.asked;
        known.asked = true;
        known.online = micros;
        if micros.is_some() {
            known.contact.seen = Some(now);
        }
        if differs {
            let record = Record::Contact(Box::new(known.contact.clone()));
            self.put(record);
            self.publish_contact(email);
        }
        if came {
            self.hurry_deliveries(email);
        }
        if micros.is_some() {
            self.recall_untold(email);
        }
    }

    pub(super) fn located(&mut self, email: &Email, announcement: Signed) {
        if let Some(known) = self.contacts.get_mut(email) {
            known.contact.announcement = Some(announcement);
            let record = Record::Contact(Box::new(known.contact.clone()));
            self.put(record);
        }
    }

    /// Somebody proved other keys than the pinned ones, certified by our CA for the same email. Never taken silently.
    pub(super) fn keys_seen(&mut self, pin: &Pin) {
        let now = self.now;
        let Some(known) = self.contacts.get_mut(&pin.email) else { return };
        if known.contact.pin.same_keys(pin) || self.revoked.contains(&pin.serial) {
            return;
        }
        if known.contact.changed.as_ref().is_some_and(|(seen, _)| seen.same_keys(pin)) {
            return;
        }
        known.contact.changed = Some((pin.clone(), now));
        known.online = None;
        self.outputs.push(Output::UnwatchPresence(pin.email.clone()));
        self.contact_touched(&pin.email);
    }

    pub(super) fn arrived(&mut self, session: SessionId, pin: &Pin) {
        let crowded = self.has_too_many_sessions(&pin.email);
        let order = match self.contacts.get_mut(&pin.email) {
            _ if self.revoked.contains(&pin.serial) => {
                SessionOrder::Refuse(Failure::new(Code::Revoked, "your certificate is revoked"))
            }
            None => SessionOrder::Refuse(
                Failure::new(Code::NotPermitted, "you are not a contact of this account")
                    .hint("ask them to add your email first"),
            ),
            Some(known) if !known.contact.pin.same_keys(pin) => {
                self.keys_seen(pin);
                SessionOrder::Refuse(
                    Failure::new(Code::KeyChanged, "your key is not the one that is known here")
                        .hint("ask them to look at your contact and decide about the new key"),
                )
            }
            Some(known) if known.contact.changed.is_some() || known.contact.revoked => SessionOrder::Refuse(
                Failure::new(Code::KeyChanged, "your key is waiting for a decision here"),
            ),
            Some(_) if crowded => SessionOrder::Refuse(
                Failure::new(Code::TryAgain, "you have too many connections to this account")
                    .hint("it is tried again by itself"),
            ),
            Some(known) => {
                let renewed = known.contact.pin.serial != pin.serial;
                if renewed {
                    known.contact.pin = pin.clone();
                    let record = Record::Contact(Box::new(known.contact.clone()));
                    self.put(record);
                }
                self.sessions.insert(session, Guest { email: pin.email.clone(), transfer: None });
                SessionOrder::Admit
            }
        };
        self.outputs.push(Output::Order(session, order));
    }

    pub(super) fn ping_seen(&mut self, email: Email) {
        if self.contacts.get(&email).is_some_and(|known| known.online.is_none()) {
            self.outputs.push(Output::AskPresence(email));
        }
    }

    pub(super) fn revocations(&mut self, number: u64, serials: &[[u8; 16]]) {
        if number < self.settings.revocations {
            return;
        }
        if number > self.settings.revocations {
            self.settings.revocations = number;
            self.put(Record::Settings(self.settings));
        }
        self.revoked = serials.iter().copied().collect();
        let hit = |known: &&Known| !known.contact.revoked && self.revoked.contains(&known.contact.pin.serial);
        let newly: Vec<Email> =
            self.contacts.values().filter(hit).map(|known| known.contact.pin.email.clone()).collect();
        for email in newly {
            if let Some(known) = self.contacts.get_mut(&email) {
                known.contact.revoked = true;
                known.online = None;
            }
            self.outputs.push(Output::UnwatchPresence(email.clone()));
            self.contact_touched(&email);
        }
    }

    /// The contact, if it may be dialled and sent to.
    pub(super) fn usable(&self, email: &Email) -> Result<Target, Failure> {
        let known = self.contacts.get(email).ok_or_else(|| no_contact(email))?;
        if known.contact.changed.is_some() {
            return Err(key_changed(email));
        }
        if known.contact.revoked {
            let revoked =
                Failure::new(Code::Revoked, format!("the certificate of {email} was revoked by the CA"));
            return Err(revoked.hint("if they registered again, add them again and compare fingerprints"));
        }
        Ok(Target { pin: known.contact.pin.clone(), announcement: known.contact.announcement.clone() })
    }

    pub(super) fn watch_presence(&mut self, email: &Email) {
        if let Ok(target) = self.usable(email) {
            self.outputs.push(Output::WatchPresence(target));
        }
    }

    pub(super) fn contact_touched(&mut self, email: &Email) {
        if let Some(known) = self.contacts.get(email) {
            let record = Record::Contact(Box::new(known.contact.clone()));
            self.put(record);
            self.publish_contact(email);
        }
    }

    pub(super) fn answer_contact(&mut self, ask: Ask, email: &Email) {
        let outcome = self.contact_reply(email).ok_or_else(|| no_contact(email));
        self.answer(ask, outcome);
    }
}

pub(super) fn no_contact(email: &Email) -> Failure {
    Failure::new(Code::NotFound, format!("{email} is not among your contacts"))
        .hint(format!("add them with: airhatch contact add {email}"))
}

fn key_changed(email: &Email) -> Failure {
    Failure::new(Code::KeyChanged, format!("the key of {email} is not the one you know"))
        .hint(format!("ask them over another channel; if it is right: airhatch contact trust {email}"))
}
