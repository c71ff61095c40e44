//! `airhatch policy`: what happens to offers while nobody watches, and what the account allows at most.

use airhatch_wire::control::{Command, Limits, Policy};
use bytesize::ByteSize;
use clap::Args;
use serde_json::json;

use super::context::{Context, account_of};
use super::exit::Stop;
use super::{human, json};
use crate::text;

/// A policy and limits to set; what is left out stays. Without any, the present ones are shown.
#[derive(Debug, Args)]
pub(crate) struct SetPolicy {
    /// ask (wait for you), never (deny), or verified=SIZE (accept from verified contacts up to SIZE, like 500MiB)
    #[arg(value_parser = parse)]
    policy: Option<Policy>,
    #[command(flatten)]
    limits: SetLimits,
}

/// Limits for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
struct SetLimits {
    /// The most offers that may wait for you
    #[arg(long, value_name = "NUMBER")]
    offers: Option<u32>,
    /// The most offers of one contact that may wait for you
    #[arg(long, value_name = "NUMBER")]
    offers_per_contact: Option<u32>,
    /// The most bytes from one contact in a day (UTC), whoever accepts them, like 5GB; or none
    #[arg(long, value_name = "SIZE", value_parser = size_or_none)]
    per_day: Option<Ceiling>,
    /// The most transfers that move at the same time, each way
    #[arg(long, value_name = "NUMBER")]
    transfers: Option<u32>,
    /// The most bytes a second that leave, like 1MiB; or none
    #[arg(long, value_name = "SIZE", value_parser = size_or_none)]
    upload: Option<Ceiling>,
    /// The most bytes a second that arrive, like 1MiB; or none
    #[arg(long, value_name = "SIZE", value_parser = size_or_none)]
    download: Option<Ceiling>,
}

/// A number of bytes, or none: as much as there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ceiling(Option<u64>);

impl SetPolicy {
    /// Does it.
    pub(crate) async fn run(self, context: &Context) -> Result<(), Stop> {
        let attached = context.attach().await?;
        let mut view = account_of(&attached.agent, Command::Status).await?;
        if let Some(policy) = self.policy {
            view = account_of(&attached.agent, Command::SetPolicy { policy }).await?;
        }
        if self.limits != SetLimits::default() {
            let limits = self.limits.over(view.limits);
            view = account_of(&attached.agent, Command::SetLimits { limits }).await?;
        }
        let fields = json!({
            "account": attached.account,
            "policy": json::policy(view.policy),
            "limits": json::limits(&view.limits),
        });
        let Limits { offers_per_contact, offers, .. } = view.limits;
        let facts = [
            ("policy", human::policy(view.policy)),
            ("limits", text::limits(&view.limits)),
            ("open offers", format!("{offers_per_contact} of each contact, {offers} in all")),
        ];
        context.out.data(json::object("policy", fields), &human::facts(&facts))
    }
}

impl SetLimits {
    /// The present limits with what is set here in their place.
    fn over(&self, present: Limits) -> Limits {
        Limits {
            offers: self.offers.unwrap_or(present.offers),
            offers_per_contact: self.offers_per_contact.unwrap_or(present.offers_per_contact),
            bytes_per_day: self.per_day.map_or(present.bytes_per_day, |ceiling| ceiling.0),
            transfers: self.transfers.unwrap_or(present.transfers),
            upload: self.upload.map_or(present.upload, |ceiling| ceiling.0),
            download: self.download.map_or(present.download, |ceiling| ceiling.0),
        }
    }
}

fn parse(text: &str) -> Result<Policy, String> {
    let wrong = || format!("{text:?} is none of: ask, never, verified=SIZE (like verified=500MiB)");
    match text.split_once('=') {
        None if text == "ask" => Ok(Policy::Ask),
        None if text == "never" => Ok(Policy::Never),
        Some(("verified", text)) => Ok(Policy::Verified { max_bytes: size(text).map_err(|_| wrong())? }),
        _ => Err(wrong()),
    }
}

/// A number of bytes: `500`, `10MB`, `1.5GiB`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let wrong = |_| format!("{text:?} is no size; write it like 10MB or 500MiB");
    text.parse::<ByteSize>().map(|size| size.as_u64()).map_err(wrong)
}

fn size_or_none(text: &str) -> Result<Ceiling, String> {
    if text == "none" { Ok(Ceiling(None)) } else { size(text).map(|size| Ceiling(Some(size))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_reads_in_its_three_forms_only() {
        assert_eq!(parse("ask"), Ok(Policy::Ask));
        assert_eq!(parse("never"), Ok(Policy::Never));
        assert_eq!(parse("verified=1GiB"), Ok(Policy::Verified { max_bytes: 1 << 30 }));
        for wrong in ["", "verified", "verified=", "verified=much", "always", "ask=1"] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn limits_that_are_not_named_stay() {
        let present = Limits { upload: Some(7), bytes_per_day: Some(9), ..Limits::default() };
        let set = SetLimits {
            upload: size_or_none("none").ok(),
            download: size_or_none("1MiB").ok(),
            transfers: Some(2),
            ..SetLimits::default()
        };
        let expected = Limits { upload: None, download: Some(1 << 20), transfers: 2, ..present };
        assert_eq!(set.over(present), expected);
        assert!(size_or_none("nothing").is_err());
    }
}
