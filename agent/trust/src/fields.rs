//! The fields of a certificate (RFC 5280, section 4.1) that OpenSSL's safe interface does not give: the serial number's
//! bytes and every extension as it stands.

use crate::der::{BIT_STRING, BOOLEAN, INTEGER, NotDer, OCTET_STRING, OID, Reader, SEQUENCE};

/// `[0]` constructed: the version.
const VERSION: u8 = 0xa0;
/// `[3]` constructed: the extensions.
const EXTENSIONS: u8 = 0xa3;
/// Version 3, the only one with extensions.
const V3: &[u8] = &[INTEGER, 1, 2];

/// One certificate, read but not judged.
pub(crate) struct Fields<'a> {
    pub(crate) serial: [u8; 16],
    /// Each kind once.
    pub(crate) extensions: Vec<Extension<'a>>,
}

/// One extension.
pub(crate) struct Extension<'a> {
    pub(crate) oid: &'a [u8],
    pub(crate) critical: bool,
    pub(crate) value: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn read(certificate: &'a [u8]) -> Result<Self, NotDer> {
        let mut outside = Reader::new(certificate);
        let mut whole = outside.enter(SEQUENCE)?;
        outside.finish()?;
        let mut inner = whole.enter(SEQUENCE)?;
        whole.read(SEQUENCE)?;
        whole.read(BIT_STRING)?;
        whole.finish()?;

        if inner.read(VERSION)? != V3 {
            return Err(NotDer);
        }
        let serial = serial(inner.read(INTEGER)?)?;
        for _signature_issuer_validity_subject_key in 0..5 {
            inner.read(SEQUENCE)?;
        }
        let mut wrapped = inner.enter(EXTENSIONS)?;
        inner.finish()?;
        let list = wrapped.enter(SEQUENCE)?;
        wrapped.finish()?;
        Ok(Self { serial, extensions: extensions(list)? })
    }
}

/// Positive, 16 bytes at most, filled up with zeros in front.
fn serial(integer: &[u8]) -> Result<[u8; 16], NotDer> {
    let mut serial = [0; 16];
    let digits = match integer {
        [0, digits @ ..] => digits,
        [0x80..=0xff, ..] => return Err(NotDer),
        digits => digits,
    };
    let start = serial.len().checked_sub(digits.len()).ok_or(NotDer)?;
    serial.get_mut(start..).ok_or(NotDer)?.copy_from_slice(digits);
    Ok(serial)
}

fn extensions<'a>(mut list: Reader<'a>) -> Result<Vec<Extension<'a>>, NotDer> {
    let mut found: Vec<Extension<'a>> = Vec::new();
    while !list.is_empty() {
        let mut one = list.enter(SEQUENCE)?;
        let oid = one.read(OID)?;
        let critical = match one.optional(BOOLEAN)? {
            None => false,
            Some([0xff]) => true,
            Some(_) => return Err(NotDer),
        };
        let value = one.read(OCTET_STRING)?;
        one.finish()?;
        if found.iter().any(|earlier| earlier.oid == oid) {
            return Err(NotDer);
        }
        found.push(Extension { oid, critical, value });
    }
    Ok(found)
}
