//! `airhatch policy`: what happens to offers while nobody watches.

use airhatch_wire::control::{Command, Policy};
use bytesize::ByteSize;
use clap::Args;
use serde_json::json;

use super::context::{Context, account_of};
use super::exit::Stop;
use super::{human, json};

/// A policy to set; none shows the present one.
#[derive(Debug, Args)]
pub(crate) struct SetPolicy {
    /// ask (wait for you), never (deny), or verified=SIZE (accept from verified contacts up to SIZE, like 500MiB)
    #[arg(value_parser = parse)]
    policy: Option<Policy>,
}

impl SetPolicy {
    /// Does it.
    pub(crate) async fn run(self, context: &Context) -> Result<(), Stop> {
        let attached = context.attach().await?;
        let command = match self.policy {
            Some(policy) => Command::SetPolicy { policy },
            None => Command::Status,
        };
        let policy = account_of(&attached.agent, command).await?.policy;
        let fields = json!({ "account": attached.account, "policy": json::policy(policy) });
        context.out.data(json::object("policy", fields), &human::policy(policy))
    }
}

fn parse(text: &str) -> Result<Policy, String> {
    let wrong = || format!("{text:?} is none of: ask, never, verified=SIZE (like verified=500MiB)");
    match text.split_once('=') {
        None if text == "ask" => Ok(Policy::Ask),
        None if text == "never" => Ok(Policy::Never),
        Some(("verified", size)) => {
            let max_bytes = size.parse::<ByteSize>().map_err(|_| wrong())?.as_u64();
            Ok(Policy::Verified { max_bytes })
        }
        _ => Err(wrong()),
    }
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
}
