"""What a review found in results of hostile MCP servers."""

import mcp_types

from chatkit._mcp.results import result_from


def result_of(uri, media_type):
    resource = mcp_types.BlobResourceContents(uri=uri, mime_type=media_type, blob="aGk=")
    blocks = [mcp_types.EmbeddedResource(resource=resource), mcp_types.TextContent(text="kept")]
    return result_from(mcp_types.CallToolResult(content=blocks))


def test_a_document_whose_media_type_is_none_is_left_out_and_the_rest_kept():
    result = result_of("file:///notes", "text/a b")
    assert result.text == "[notes (text/a b) was left out: its media type is none]\nkept"
    assert result.attachments == ()


def test_a_document_at_an_address_that_is_none_has_a_plain_name():
    result = result_of("http://[", "text/plain")
    assert result.text == "kept"
    assert [item.filename for item in result.attachments] == ["document"]
