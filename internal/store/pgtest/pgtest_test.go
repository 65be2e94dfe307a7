package pgtest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { Main(m) }

func query(t *testing.T, url, sql string) (got string) {
	t.Helper()
	c, err := pgx.Connect(context.Background(), url)
	require.NoError(t, err)
	defer c.Close(context.Background())
	require.NoError(t, c.QueryRow(context.Background(), sql).Scan(&got))
	return got
}

func TestDatabasesAreApart(t *testing.T) {
	a, b := URL(t), URL(t)
	require.NotEqual(t, query(t, a, "select current_database()"), query(t, b, "select current_database()"))
	require.Equal(t, "", query(t, a, "show listen_addresses"), "no TCP port")
}

func TestCloneCopiesATemplateMadeOnce(t *testing.T) {
	made := 0
	prepare := func(ctx context.Context, url string) error {
		made++
		c, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer c.Close(ctx)
		_, err = c.Exec(ctx, "create table words (word text); insert into words values ('windshield')")
		return err
	}
	for range 3 {
		require.Equal(t, "windshield", query(t, Clone(t, "words", prepare), "select word from words"))
	}
	require.Equal(t, 1, made)
}

func TestSweepTakesOnlyTheFoldersOfTheDead(t *testing.T) {
	c := exec.Command("true")
	require.NoError(t, c.Run())
	dead := filepath.Join(os.TempDir(), prefix+strconv.Itoa(c.Process.Pid)+"-test")
	alive := filepath.Join(os.TempDir(), prefix+strconv.Itoa(os.Getpid())+"-test")
	for _, d := range []string{dead, alive} {
		require.NoError(t, os.Mkdir(d, 0o700))
		defer os.RemoveAll(d)
	}
	sweep()
	require.NoDirExists(t, dead)
	require.DirExists(t, alive)
}
