//! Typed parameters, declared in one place.
//!
//! [`params!`](crate::params!) makes a struct with one field for each parameter, and what the host is told of it: name,
//! kind, default, bounds, unit, and the doc comment as its help. The host checks a configuration against that before
//! a policy runs, so that a policy never sees a value outside the bounds.

use std::ops::{RangeInclusive, RangeToInclusive};

/// A set of parameters; [`params!`](crate::params!) implements it, and `()` is the empty set.
pub trait Params: Default {
    /// What the host is told: every parameter with its default.
    fn declare() -> Vec<Param>;

    /// The parameters from the values that the host sent.
    ///
    /// # Errors
    /// A value that is missing or of another kind, by name. A host that follows the contract never causes one.
    fn read(values: &[(String, Value)]) -> Result<Self, String>;

    /// Every parameter's name and value, in the order of [`declare`](Self::declare).
    fn values(&self) -> Vec<(String, Value)>;
}

/// What the host is told of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The field's name.
    pub name: &'static str,
    /// Kind and bounds.
    pub kind: Kind,
    /// The value where a configuration names none.
    pub default: Value,
    /// Unit, or "".
    pub unit: &'static str,
    /// The doc comment.
    pub help: &'static str,
}

/// The kind of a parameter with its bounds, both inclusive.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// An `f64`.
    Number(RangeInclusive<f64>),
    /// An `i64`.
    Integer(RangeInclusive<i64>),
    /// A `bool`.
    Flag,
    /// A `String` of at most so many bytes.
    Text(u32),
    /// One of these words: an enum made by [`choice!`](crate::choice!).
    Choice(&'static [&'static str]),
}

/// A parameter's value; a choice is text.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Flag(bool),
    /// Text, or the word of a choice.
    Text(String),
}

/// A type that a parameter may have: `f64`, `i64`, `bool`, `String`, and enums made by [`choice!`](crate::choice!).
pub trait ParamType: Sized {
    /// What stands after `=` in [`params!`](crate::params!).
    type Default;
    /// What stands after `in`; `()` where nothing does.
    type Bounds;

    /// The default as a value of this type.
    fn from_default(default: Self::Default) -> Self;
    /// The kind with these bounds.
    fn kind(bounds: Self::Bounds) -> Kind;
    /// The value to send.
    fn to_value(&self) -> Value;
    /// The value received, if it is of this type.
    fn from_value(value: &Value) -> Option<Self>;
}

impl ParamType for f64 {
    type Default = Self;
    type Bounds = RangeInclusive<Self>;

    fn from_default(default: Self) -> Self {
        default
    }

    fn kind(bounds: Self::Bounds) -> Kind {
        Kind::Number(bounds)
    }

    fn to_value(&self) -> Value {
        Value::Number(*self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Number(number) = value { Some(*number) } else { None }
    }
}

impl ParamType for i64 {
    type Default = Self;
    type Bounds = RangeInclusive<Self>;

    fn from_default(default: Self) -> Self {
        default
    }

    fn kind(bounds: Self::Bounds) -> Kind {
        Kind::Integer(bounds)
    }

    fn to_value(&self) -> Value {
        Value::Integer(*self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Integer(whole) = value { Some(*whole) } else { None }
    }
}

impl ParamType for bool {
    type Default = Self;
    type Bounds = ();

    fn from_default(default: Self) -> Self {
        default
    }

    fn kind((): ()) -> Kind {
        Kind::Flag
    }

    fn to_value(&self) -> Value {
        Value::Flag(*self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Flag(flag) = value { Some(*flag) } else { None }
    }
}

impl ParamType for String {
    type Default = &'static str;
    /// The longest text, in bytes.
    type Bounds = RangeToInclusive<u32>;

    fn from_default(default: &'static str) -> Self {
        default.to_owned()
    }

    fn kind(bounds: Self::Bounds) -> Kind {
        Kind::Text(bounds.end)
    }

    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl Params for () {
    fn declare() -> Vec<Param> {
        Vec::new()
    }

    fn read(_: &[(String, Value)]) -> Result<Self, String> {
        Ok(())
    }

    fn values(&self) -> Vec<(String, Value)> {
        Vec::new()
    }
}

/// Declares the parameters of a policy: a struct that implements [`Params`] and [`Default`].
///
/// Each field is `name: type = default, in bounds, unit "unit";`, with its help as a doc comment. `f64` and `i64`
/// need bounds (`in 0.0..=5.0`), `String` its most bytes (`in ..=64`), `bool` and a [`choice!`](crate::choice!) have
/// none. The unit may be left out.
///
/// ```
/// use paced_policy::{choice, params};
///
/// choice! {
///     pub enum Pace { Calm = "calm", Bold = "bold" }
/// }
///
/// params! {
///     pub struct Params {
///         /// Change of the ratio per agent of error.
///         pub kp: f64 = 0.15, in 0.0..=5.0, unit "ratio per agent";
///         /// Readings to wait for.
///         pub patience: i64 = 3, in 1..=20;
///         /// Whether to follow the shift's end.
///         pub wind_down: bool = false;
///         /// Name of the list.
///         pub list: String = "default", in ..=64;
///         /// How fast to go.
///         pub pace: Pace = Pace::Calm;
///     }
/// }
///
/// let params = Params { kp: 0.2, ..Params::default() };
/// assert_eq!(params.pace, Pace::Calm);
/// ```
#[macro_export]
macro_rules! params {
    (
        $(#[$meta:meta])*
        $vis:vis struct $params:ident {
            $(
                $(#[doc = $help:literal])*
                $field_vis:vis $name:ident : $type:ty = $default:expr
                    $(, in $bounds:expr)? $(, unit $unit:literal)? ;
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $vis struct $params {
            $( $(#[doc = $help])* $field_vis $name: $type, )*
        }

        impl ::std::default::Default for $params {
            fn default() -> Self {
                Self { $( $name: <$type as $crate::ParamType>::from_default($default), )* }
            }
        }

        impl $crate::Params for $params {
            fn declare() -> ::std::vec::Vec<$crate::Param> {
                ::std::vec![ $( $crate::Param {
                    name: ::std::stringify!($name),
                    kind: <$type as $crate::ParamType>::kind($crate::params!(@bounds $($bounds)?)),
                    default: $crate::ParamType::to_value(&<$type as $crate::ParamType>::from_default($default)),
                    unit: ::std::concat!($($unit)?),
                    help: ::std::concat!($($help),*).trim_ascii(),
                } ),* ]
            }

            fn read(
                values: &[(::std::string::String, $crate::Value)],
            ) -> ::std::result::Result<Self, ::std::string::String> {
                ::std::result::Result::Ok(Self {
                    $( $name: $crate::guest::read_param(::std::stringify!($name), values)?, )*
                })
            }

            fn values(&self) -> ::std::vec::Vec<(::std::string::String, $crate::Value)> {
                ::std::vec![ $( (
                    ::std::string::String::from(::std::stringify!($name)),
                    $crate::ParamType::to_value(&self.$name),
                ) ),* ]
            }
        }
    };
    (@bounds) => { () };
    (@bounds $bounds:expr) => { $bounds };
}

/// Declares an enum that a parameter can be: one of a few words.
///
/// ```
/// paced_policy::choice! {
///     /// How fast to go.
///     pub enum Pace { Calm = "calm", Bold = "bold" }
/// }
/// ```
#[macro_export]
macro_rules! choice {
    (
        $(#[$meta:meta])*
        $vis:vis enum $choice:ident { $( $(#[$variant_meta:meta])* $variant:ident = $word:literal ),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $choice { $( $(#[$variant_meta])* $variant ),+ }

        impl $crate::ParamType for $choice {
            type Default = Self;
            type Bounds = ();

            fn from_default(default: Self) -> Self {
                default
            }

            fn kind((): ()) -> $crate::Kind {
                $crate::Kind::Choice(&[ $( $word ),+ ])
            }

            fn to_value(&self) -> $crate::Value {
                let word = match self { $( Self::$variant => $word ),+ };
                $crate::Value::Text(::std::string::String::from(word))
            }

            fn from_value(value: &$crate::Value) -> ::std::option::Option<Self> {
                match value {
                    $crate::Value::Text(word) => match word.as_str() {
                        $( $word => ::std::option::Option::Some(Self::$variant), )+
                        _ => ::std::option::Option::None,
                    },
                    _ => ::std::option::Option::None,
                }
            }
        }
    };
}
