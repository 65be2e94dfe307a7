package web

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPagesAreReadOneWay(t *testing.T) {
	require.Equal(t, "<p>Ali gnp.exe and the rest – שלום</p>", string(straight([]byte("<p>Ali \u202egnp.exe\u202c and \u2067the rest\u2069 – שלום</p>"))))
	plain := []byte("<p>“Zürich” – שלום \u200f</p>")
	require.Equal(t, string(plain), string(straight(plain)))
}
