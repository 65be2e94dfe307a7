package httpapi

import (
	"context"

	"windshield/internal/flow"
	"windshield/internal/insight"
)

// GetMemo gives the memo of understanding of a visit.
func (a *API) GetMemo(ctx context.Context, r GetMemoRequestObject) (GetMemoResponseObject, error) {
	v, err := a.flow.Memo(ctx, callOf(ctx).actor, r.Id)
	if err != nil {
		return nil, err
	}
	return GetMemo200JSONResponse{Body: memoOf(v), Headers: GetMemo200ResponseHeaders{ETag: some(etag(v.Memo.Version))}}, nil
}

// SaveMemo keeps the memo, or sends it.
func (a *API) SaveMemo(ctx context.Context, r SaveMemoRequestObject) (SaveMemoResponseObject, error) {
	n, err := version(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	lines := list(r.Body.Lines, func(l MemoLineRequest) insight.Line { return insight.Line{About: insight.About(l.About), Text: l.Text} })
	var v flow.MemoView
	if to := value(r.Body.SendTo); to != "" {
		v, err = a.flow.SendMemo(ctx, callOf(ctx).actor, r.Id, n, lines, to)
	} else {
		v, err = a.flow.SaveMemo(ctx, callOf(ctx).actor, r.Id, n, lines)
	}
	if err != nil {
		return nil, pointed(err)
	}
	return SaveMemo200JSONResponse{Body: memoOf(v), Headers: SaveMemo200ResponseHeaders{ETag: some(etag(v.Memo.Version))}}, nil
}

func memoOf(v flow.MemoView) Memo {
	return Memo{Visit: v.Visit.ID, Version: v.Memo.Version, Sent: someDate(v.Memo.Sent), To: some(v.Memo.ToEmail), CopyTo: some(v.Copy.Name),
		Lines: list(v.Memo.Lines, func(l insight.Line) MemoLine {
			reply := l.Reply
			if reply == "" {
				reply = insight.Silent
			}
			return MemoLine{About: MemoLineAbout(l.About), Text: l.Text, Reply: MemoLineReply(reply), Correction: l.Correction, RepliedOn: someDate(l.RepliedOn),
				Earlier: list(l.Earlier, func(e insight.Replied) EarlierReply {
					return EarlierReply{Reply: EarlierReplyReply(e.Reply), Correction: e.Correction, On: date(e.On)}
				})}
		})}
}
