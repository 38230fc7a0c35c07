package lint

// A Topic is the subject of a finding.
type Topic string

// The topics.
const (
	ExitRefused  Topic = "exit-refused"
	SameArgument Topic = "same-argument"

	ConditionAlways Topic = "condition-always" // holds for every call
	ConditionNever  Topic = "condition-never"
	ValueIgnored    Topic = "value-ignored"

	UpperBitsPass    Topic = "upper-bits-pass"
	UpperBitsRefused Topic = "upper-bits-refused"

	RuleShadowed  Topic = "rule-shadowed"
	RuleOverruled Topic = "rule-overruled"
	RuleRepeated  Topic = "rule-repeated"
	RuleLeftOut   Topic = "rule-left-out"
	NotChecked    Topic = "not-checked"

	BorderByOne    Topic = "border-by-one-name"
	StrongCall     Topic = "strong-call"
	DefaultPermits Topic = "default-permits"

	ConditionsDropped Topic = "conditions-dropped"

	NameUnknown Topic = "name-unknown"
	OwnEmission Topic = "own-emission"
)

// Topics has a sentence about each topic, in the order of the list above.
var Topics = []struct {
	Topic Topic
	About string
}{
	{ExitRefused, "A program cannot end under the profile: exit or exit_group is refused."},
	{SameArgument, "A rule has several conditions on one argument, so each of its conditions is enough."},
	{ConditionAlways, "A condition holds for every call."},
	{ConditionNever, "A condition holds for no call."},
	{ValueIgnored, "A value, or some bits of one, do not count."},
	{UpperBitsPass, "The kernel reads 32 bits of an argument, and a call that is refused passes with other upper bits."},
	{UpperBitsRefused, "The kernel reads 32 bits of an argument, and a call that is let through is refused with other upper bits."},
	{RuleShadowed, "A rule cannot count beside a rule without conditions for the same syscall."},
	{RuleOverruled, "A rule cannot count: a stricter rule decides each call that it matches, so it is no exception to that rule."},
	{RuleRepeated, "A rule decides no call: other rules with the same action match its calls."},
	{RuleLeftOut, "A rule has the default action, so it changes nothing."},
	{NotChecked, "The rules of a syscall are too many to be checked."},
	{BorderByOne, "One name decides from which number on syscalls fail with ENOSYS."},
	{StrongCall, "A syscall is let through that weakens the whole profile."},
	{DefaultPermits, "The default action lets calls through, among them some that weaken the whole profile."},
	{ConditionsDropped, "A file in Docker's format has conditions, which containerd drops if a pod's field names the file."},
	{NameUnknown, "Nobody knows a syscall's name, so its rules are left out."},
	{OwnEmission, "libseccomp does not compile a syscall as it is written, so it is compiled without it."},
}
