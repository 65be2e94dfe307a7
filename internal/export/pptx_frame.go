package export

import (
	"fmt"
	"strings"
)

// Places that every slide has; the layout repeats those of the master.
var (
	titleBox  = box{36, 20, 888, 62}
	footerBox = box{36, 514, 760, 16}
	numberBox = box{824, 514, 100, 16}
)

// frameShapes are the places of master and layout.
func frameShapes() string {
	place := func(id int, name, kind, more string, at box, anchor, algn, text string) string {
		return fmt.Sprintf(`<p:sp><p:nvSpPr><p:cNvPr id="%d" name="%s"/><p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr><p:ph type="%s"%s/></p:nvPr></p:nvSpPr><p:spPr>%s<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr>`+
			`<p:txBody><a:bodyPr vert="horz" lIns="0" tIns="0" rIns="0" bIns="0" rtlCol="0" anchor="%s"><a:normAutofit/></a:bodyPr><a:lstStyle>%s</a:lstStyle><a:p>%s</a:p></p:txBody></p:sp>`,
			id, name, kind, more, at.xfrm("a:xfrm"), anchor, algn, text)
	}
	small := func(algn string) string {
		return `<a:lvl1pPr algn="` + algn + `"><a:defRPr sz="1000"><a:solidFill><a:schemeClr val="tx2"/></a:solidFill></a:defRPr></a:lvl1pPr>`
	}
	return place(2, "Title", "title", "", titleBox, "ctr", "", `<a:r><a:rPr lang="en-GB"/><a:t>Message</a:t></a:r>`) +
		place(3, "Footer", "ftr", ` sz="quarter" idx="11"`, footerBox, "ctr", small("l"), `<a:endParaRPr lang="en-GB"/>`) +
		place(4, "Number", "sldNum", ` sz="quarter" idx="12"`, numberBox, "ctr", small("r"), `<a:fld id="{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}" type="slidenum"><a:rPr lang="en-GB"/><a:t>‹#›</a:t></a:fld><a:endParaRPr lang="en-GB"/>`)
}

func masterXML() string {
	levels := func(tag string) string {
		var b strings.Builder
		b.WriteString("<p:" + tag + ">")
		for i := 1; i <= 9; i++ {
			fmt.Fprintf(&b, `<a:lvl%dpPr marL="0" indent="0" algn="l" defTabSz="914400" rtl="0" eaLnBrk="1" latinLnBrk="0" hangingPunct="1"><a:buNone/><a:defRPr sz="1400" kern="1200"><a:solidFill><a:schemeClr val="tx1"/></a:solidFill><a:latin typeface="+mn-lt"/><a:ea typeface="+mn-ea"/><a:cs typeface="+mn-cs"/></a:defRPr></a:lvl%dpPr>`, i, i)
		}
		b.WriteString("</p:" + tag + ">")
		return b.String()
	}
	title := `<p:titleStyle><a:lvl1pPr algn="l" defTabSz="914400" rtl="0" eaLnBrk="1" latinLnBrk="0" hangingPunct="1"><a:lnSpc><a:spcPct val="90000"/></a:lnSpc><a:spcBef><a:spcPct val="0"/></a:spcBef><a:buNone/><a:defRPr sz="2800" b="1" kern="1200"><a:solidFill><a:schemeClr val="tx1"/></a:solidFill><a:latin typeface="+mj-lt"/><a:ea typeface="+mj-ea"/><a:cs typeface="+mj-cs"/></a:defRPr></a:lvl1pPr></p:titleStyle>`
	return xmlHead + `<p:sldMaster ` + namespaces + `><p:cSld><p:bg><p:bgRef idx="1001"><a:schemeClr val="bg1"/></p:bgRef></p:bg>` + tree(frameShapes()) + `</p:cSld>` +
		`<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" accent3="accent3" accent4="accent4" accent5="accent5" accent6="accent6" hlink="hlink" folHlink="folHlink"/>` +
		`<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst><p:txStyles>` + title + levels("bodyStyle") + levels("otherStyle") + `</p:txStyles></p:sldMaster>`
}

func layoutXML() string {
	return xmlHead + `<p:sldLayout ` + namespaces + ` type="titleOnly" preserve="1"><p:cSld name="Message">` + tree(frameShapes()) + `</p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sldLayout>`
}

// themeXML holds the colours: ink, paper, and those of the six groups.
func themeXML() string {
	var colours strings.Builder
	add := func(name, rgb string) { fmt.Fprintf(&colours, `<a:%s><a:srgbClr val="%s"/></a:%s>`, name, rgb, name) }
	add("dk1", "14171C")
	add("lt1", "FFFFFF")
	add("dk2", "4A5261")
	add("lt2", "F6F7F9")
	for i := 1; i < len(palette); i++ {
		add(fmt.Sprintf("accent%d", i), palette[i].fill)
	}
	add("hlink", "1A56C4")
	add("folHlink", "4A5261")
	font := func(tag string) string {
		return `<a:` + tag + `><a:latin typeface="Arial"/><a:ea typeface=""/><a:cs typeface=""/></a:` + tag + `>`
	}
	fill := `<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>`
	stroke := func(w int) string {
		return fmt.Sprintf(`<a:ln w="%d" cap="flat" cmpd="sng" algn="ctr">%s<a:prstDash val="solid"/></a:ln>`, w, fill)
	}
	effect := `<a:effectStyle><a:effectLst/></a:effectStyle>`
	return xmlHead + `<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" name="Windshield"><a:themeElements><a:clrScheme name="Windshield">` + colours.String() + `</a:clrScheme>` +
		`<a:fontScheme name="Windshield">` + font("majorFont") + font("minorFont") + `</a:fontScheme><a:fmtScheme name="Windshield"><a:fillStyleLst>` + fill + fill + fill + `</a:fillStyleLst>` +
		`<a:lnStyleLst>` + stroke(6350) + stroke(12700) + stroke(19050) + `</a:lnStyleLst><a:effectStyleLst>` + effect + effect + effect + `</a:effectStyleLst>` +
		`<a:bgFillStyleLst>` + fill + fill + fill + `</a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>`
}
