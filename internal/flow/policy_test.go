package flow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"windshield/internal/fault"
	"windshield/internal/flow"
)

func TestThePolicyNamesWhatItCannotHave(t *testing.T) {
	require.NoError(t, flow.DefaultPolicy.Check())
	for part, choices := range flow.PolicyChoices {
		for _, r := range append([]flow.Rule{"", "anything"}, flow.RuleAccept, flow.RuleAsk, flow.RulePushBack, flow.RuleKeep, flow.RuleCancel, flow.RuleCarry) {
			p, may := flow.DefaultPolicy, false
			*map[string]*flow.Rule{"move": &p.Move, "resize": &p.Resize, "text": &p.Text, "delete": &p.Delete, "answer": &p.Answer}[part] = r
			for _, c := range choices {
				may = may || c == r
			}
			err := p.Check()
			require.Equal(t, may, err == nil, "%s=%s", part, r)
			if !may {
				_, details := fault.Shown(err)
				require.Equal(t, part, details[0].Where)
			}
		}
	}
}
