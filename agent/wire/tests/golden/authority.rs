//! Agent and CA: the words, and the bodies that are signed.

use airhatch_wire::authority::{
    Announcement, Enrolment, FromAuthority, REMOVAL_EXPORTER, RevocationList, ToAuthority, removal_body,
};
use airhatch_wire::signed::Signature;

use crate::Golden;
use crate::values::{AT, address, ann, blob, failure, signed};

every!(ToAuthority {
    Info,
    RegisterBegin,
    RegisterFinish,
    Lookup,
    Locate,
    Announce,
    Withdraw,
    Renew,
    RemoveBegin,
    RemoveFinish,
    Revocations,
});
every!(FromAuthority { Info, Sealed, Certificate, Located, Nonce, Revocations, Done, Refused });
every!(Enrolment { Open, Invite });

fn questions() -> Vec<ToAuthority> {
    vec![
        ToAuthority::Info,
        ToAuthority::RegisterBegin { email: ann(), recipient: blob() },
        ToAuthority::RegisterFinish { nonce: blob(), request: blob(), code: Some("code".into()) },
        ToAuthority::Lookup { email: ann() },
        ToAuthority::Locate { emails: vec![ann()] },
        ToAuthority::Announce(signed()),
        ToAuthority::Withdraw,
        ToAuthority::Renew { request: blob() },
        ToAuthority::RemoveBegin,
        ToAuthority::RemoveFinish { signature: Signature([0x44; 64]) },
        ToAuthority::Revocations,
    ]
}

fn answers() -> Vec<FromAuthority> {
    vec![
        FromAuthority::Info { certificate: blob(), enrolment: Enrolment::Invite, now: AT },
        FromAuthority::Sealed(blob()),
        FromAuthority::Certificate(blob()),
        FromAuthority::Located(vec![Some(signed()), None]),
        FromAuthority::Nonce([0x99; 32]),
        FromAuthority::Revocations(signed()),
        FromAuthority::Done,
        FromAuthority::Refused(failure()),
    ]
}

pub(crate) fn lines(golden: &mut Golden) {
    golden.every("authority::ToAuthority", &questions());
    golden.every("authority::FromAuthority", &answers());
    golden.every("authority::Enrolment", &[Enrolment::Open, Enrolment::Invite]);
    let (email, addresses) = (ann(), vec![address()]);
    golden.one(
        "authority::Announcement",
        &Announcement { email, addresses, issued: AT, expires: AT.plus(1000) },
    );
    golden
        .one("authority::RevocationList", &RevocationList { number: 3, issued: AT, serials: vec![[1; 16]] });
    golden.bytes("authority::removal_body", &removal_body(&[1; 32], &ann(), &[2; 32]));
    golden.bytes("authority::REMOVAL_EXPORTER", REMOVAL_EXPORTER.as_bytes());
}
