//! What the account does about an offer by itself: a contact's rule with its budget, the account's policy.
//!
//! A contact's rule holds whether somebody looks or not; the account's policy is asked where there is no rule, and only
//! while nobody looks. What is accepted counts for its day at once, whatever becomes of the bytes.

use airhatch_wire::control::{Beyond, Budget, ContactPolicy, ENDINGS_LIMIT, Limits, Policy, Verdict};
use airhatch_wire::peer::{Item, ItemKind};
use airhatch_wire::{Code, Email, Failure, TransferId, UnixMillis, Untrusted};

use super::contacts::no_contact;
use super::incoming::Decision;
use super::{Ask, Hub, Known, Output, Record, Taking};

/// What a sender hears when a rule or policy says no: not which one.
const NOT_NOW: &str = "not taking offers now";

impl Hub {
    pub(super) fn set_policy(&mut self, ask: Ask, policy: Policy) {
        self.settings.policy = policy;
        self.settings_touched(ask);
    }

    pub(super) fn set_limits(&mut self, ask: Ask, limits: Limits) {
        if let Err(failure) = check_limits(&limits) {
            return self.answer(ask, Err(failure));
        }
        self.settings.limits = limits;
        self.outputs.push(Output::SetPaces(limits));
        self.call_next();
        self.settings_touched(ask);
    }

    fn settings_touched(&mut self, ask: Ask) {
        self.put(Record::Settings(self.settings));
        self.publish_account();
        self.answer(ask, Ok(self.account_reply()));
    }

    pub(super) fn set_contact_policy(&mut self, ask: Ask, email: &Email, policy: ContactPolicy) {
        if let Err(failure) = self.may_have_policy(email, &policy) {
            return self.answer(ask, Err(failure));
        }
        if let Some(known) = self.contacts.get_mut(email) {
            known.contact.policy = policy;
        }
        self.contact_touched(email);
        self.answer_contact(ask, email);
    }

    fn may_have_policy(&self, email: &Email, policy: &ContactPolicy) -> Result<(), Failure> {
        let known = self.contacts.get(email).ok_or_else(|| no_contact(email))?;
        let ContactPolicy::Auto(budget) = policy else { return Ok(()) };
        self.usable(email)?;
        if !known.contact.verified {
            let text = format!("{email} is not verified: nothing is accepted from them unasked");
            return Err(Failure::new(Code::NotPermitted, text)
                .hint(format!("compare fingerprints first: airhatch contact verify {email}")));
        }
        check_budget(budget, self.now)
    }

    /// Decides about a new offer in place of a person, where a rule or the policy says so.
    pub(super) fn apply_rules(&mut self, id: TransferId) {
        let Some(verdict) = self.verdict(id) else { return };
        if let Some(entry) = self.transfers.get_mut(&id) {
            entry.transfer.verdict = Some(verdict);
        }
        match verdict {
            Verdict::AcceptedByRule { .. } | Verdict::AcceptedByPolicy { .. } => {
                self.settle_offer(id, &Decision::Accept(Taking::default()));
            }
            Verdict::DeniedByRule | Verdict::DeniedByPolicy => {
                self.settle_offer(id, &Decision::Deny(NOT_NOW.to_owned()));
            }
            Verdict::Beyond(_) => self.transfer_touched(id),
        }
    }

    fn verdict(&self, id: TransferId) -> Option<Verdict> {
        let entry = self.transfers.get(&id)?;
        let known = self.contacts.get(&entry.transfer.contact)?;
        let total = entry.transfer.total;
        match &known.contact.policy {
            ContactPolicy::Ask => None,
            ContactPolicy::Never => Some(Verdict::DeniedByRule),
            ContactPolicy::Auto(budget) => Some(match self.within(budget, known, &entry.items, total) {
                Ok(today) => Verdict::AcceptedByRule { today, per_day: budget.per_day },
                Err(beyond) => Verdict::Beyond(beyond),
            }),
            ContactPolicy::Account if self.attended() => None,
            ContactPolicy::Account => match self.settings.policy {
                Policy::Never => Some(Verdict::DeniedByPolicy),
                Policy::Verified { max_bytes } if is_trusted(known) && total <= max_bytes => {
                    Some(Verdict::AcceptedByPolicy { max_bytes })
                }
                Policy::Ask | Policy::Verified { .. } => None,
            },
        }
    }

    /// What the day would come to with an offer that the budget covers; else why it does not.
    fn within(&self, budget: &Budget, known: &Known, items: &[Item], total: u64) -> Result<u64, Beyond> {
        let files = || items.iter().filter(|item| item.kind == ItemKind::File);
        if !is_trusted(known) {
            return Err(Beyond::NotVerified);
        }
        if budget.until.is_some_and(|until| until <= self.now) {
            return Err(Beyond::Over);
        }
        if files().any(|item| item.size > budget.per_file) {
            return Err(Beyond::FileSize { per_file: budget.per_file });
        }
        if !budget.endings.is_empty() && !files().all(|item| named_in(budget, item)) {
            return Err(Beyond::FileType);
        }
        let (today, per_day) = (known.contact.spent.at(self.now).by_rule, budget.per_day);
        today.checked_add(total).filter(|sum| *sum <= per_day).ok_or(Beyond::Day { today, per_day })
    }

    /// An offer is accepted, by a person or not: it counts for this day.
    pub(super) fn spend(&mut self, id: TransferId) {
        let Some(entry) = self.transfers.get(&id) else { return };
        let Some(known) = self.contacts.get_mut(&entry.transfer.contact) else { return };
        let by_rule = matches!(entry.transfer.verdict, Some(Verdict::AcceptedByRule { .. }));
        let (email, total) = (entry.transfer.contact.clone(), entry.transfer.total);
        let mut spent = known.contact.spent.at(self.now);
        spent.in_all = spent.in_all.saturating_add(total);
        if by_rule {
            spent.by_rule = spent.by_rule.saturating_add(total);
        }
        known.contact.spent = spent;
        self.contact_touched(&email);
    }
}

/// Whether a contact's key is one that a person compared, and no other is in its place.
fn is_trusted(known: &Known) -> bool {
    known.contact.verified && known.contact.changed.is_none() && !known.contact.revoked
}

fn named_in(budget: &Budget, item: &Item) -> bool {
    let name = item.path.last().map(Untrusted::as_received).unwrap_or_default();
    budget.endings.iter().any(|ending| ending.is_of(name))
}

fn check_budget(budget: &Budget, now: UnixMillis) -> Result<(), Failure> {
    if budget.endings.len() > ENDINGS_LIMIT {
        let many = Failure::new(Code::TooLarge, format!("a rule names {ENDINGS_LIMIT} file types at most"));
        return Err(many.hint("leave the types out to allow all"));
    }
    if budget.per_file == 0 || budget.per_day == 0 {
        let nothing = Failure::new(Code::Invalid, "a rule that allows no bytes accepts nothing");
        return Err(nothing.hint("use ask or never instead"));
    }
    if budget.until.is_some_and(|until| until <= now) {
        let over = Failure::new(Code::Invalid, "the end of this rule has passed already");
        return Err(over.hint("choose a later end, or none"));
    }
    Ok(())
}

fn check_limits(limits: &Limits) -> Result<(), Failure> {
    if limits.offers_per_contact == 0 || limits.offers == 0 || limits.transfers == 0 {
        let none = Failure::new(Code::Invalid, "a limit of none would stop everything");
        return Err(none.hint("use the policy never to take no offers"));
    }
    let slowest = Limits::SLOWEST.saturating_mul(u64::from(limits.transfers));
    if limits.upload.into_iter().chain(limits.download).any(|rate| rate < slowest) {
        let text = format!(
            "with {} transfers at the same time the rate must be {slowest} bytes a second or more",
            limits.transfers
        );
        return Err(Failure::new(Code::Invalid, text).hint("allow fewer transfers at the same time"));
    }
    Ok(())
}
